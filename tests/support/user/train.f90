! SPDX-License-Identifier: BSD-3-Clause
! train.c in Fortran.
program train
    use, intrinsic :: iso_c_binding
    use cairn
    implicit none
    type(c_ptr) :: comm = c_null_ptr, options = c_null_ptr, trainer = c_null_ptr
    type(cairn_update_record) :: record
    character(1000) :: path
    integer(c_int) :: st
    call get_command_argument(1, path)
    st = cairn_comm_open(comm)
    if (st == CAIRN_OK) st = cairn_comm_agree(comm, cairn_options_read(path, options, ["train.updates=2"]))
    if (st == CAIRN_OK) st = cairn_options_set(options, "optim.lr", "0.05")
    if (st == CAIRN_OK) st = cairn_trainer_open(options, comm, trainer)
    do while (st == CAIRN_OK)
        if (cairn_trainer_done(trainer)) exit
        st = cairn_trainer_update(trainer, record)
    end do
    if (st == CAIRN_OK) print "(a, ' ', i0, ' ', i0, ' ', f0.6, ' ', z16.16)", cairn_version(), &
        int(c_sizeof(record)), record%update, record%loss, cairn_trainer_weights_hash(trainer)
    if (st /= CAIRN_OK) print "(a)", cairn_error_text()
    call cairn_trainer_close(trainer)
    call cairn_options_free(options)
    call cairn_comm_close(comm)
    if (st /= CAIRN_OK) error stop
end program
