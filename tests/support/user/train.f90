! SPDX-License-Identifier: BSD-3-Clause
! train.c in Fortran.
program train
    use, intrinsic :: iso_c_binding
    use cairn
    implicit none
    type(c_ptr) :: comm = c_null_ptr, options = c_null_ptr, trainer = c_null_ptr, run = c_null_ptr, trained = c_null_ptr
    type(cairn_update_record) :: record
    character(1000) :: path
    integer(c_int) :: st
    integer(c_int64_t) :: wanted
    real(cairn_real), pointer :: outputs(:)
    call get_command_argument(1, path)
    st = cairn_comm_open(comm)
    if (st == CAIRN_OK) st = cairn_comm_agree(comm, cairn_options_read(path, options, ["train.updates=2"]))
    if (st == CAIRN_OK) st = cairn_options_set(options, "optim.lr", "0.05")
    if (st == CAIRN_OK) st = cairn_trainer_open(options, comm, trainer)
    do while (st == CAIRN_OK)
        if (cairn_trainer_done(trainer)) exit
        st = cairn_trainer_update(trainer, record)
    end do
    wanted = 0
    if (st == CAIRN_OK) wanted = cairn_trainer_weights_hash(trainer)
    if (st == CAIRN_OK) st = cairn_trainer_save(trainer, "saved-by-a-user.h5")
    if (st == CAIRN_OK) st = cairn_run_open(options, comm, "run-of-a-user", run, overwrite=.true.)
    if (st == CAIRN_OK) st = cairn_run_go(run)
    if (st == CAIRN_OK) then
        if (cairn_trainer_weights_hash(cairn_run_trainer(run)) /= wanted) error stop "a run differs from its updates"
        if (index(cairn_run_summary(run), '"done"') == 0) error stop "there is no summary"
    end if
    if (st == CAIRN_OK) st = cairn_trained_open(comm, "saved-by-a-user.h5", trained, split="test")
    if (st == CAIRN_OK) st = cairn_trained_outputs(trained, outputs)
    if (st == CAIRN_OK) then
        if (size(outputs) /= 10 * cairn_trained_samples(trained)) error stop "there are no outputs"
    end if
    if (st == CAIRN_OK) print "(a, ' ', i0, ' ', i0, ' ', f0.6, ' ', z16.16)", cairn_version(), &
        int(c_sizeof(record)), record%update, record%loss, cairn_trainer_weights_hash(trainer)
    if (st /= CAIRN_OK) print "(a)", cairn_error_text()
    call cairn_trained_close(trained)
    call cairn_run_close(run)
    call cairn_trainer_close(trainer)
    call cairn_options_free(options)
    call cairn_comm_close(comm)
    if (st /= CAIRN_OK) error stop
end program
