! SPDX-License-Identifier: BSD-3-Clause
!
! The public functions of Cairn for Fortran, by the names that they have in C; the headers beside this file say what each
! does.  Objects are type(c_ptr), text is character(*), a status is integer(c_int).
!
! Files .mod fit one compiler, so this comes as source:
!   CMake   find_package(cairn COMPONENTS fortran), targets cairn::fortran and cairn::cairn
!   else    mpifort $(pkg-config --variable=fortran cairn) program.f90 $(pkg-config --libs cairn)
!
! Not here, since they take any number of arguments: cairn_fail, cairn_fail_in; since their tables of functions and texts
! are C's: cairn_layer_register, cairn_loss_register, cairn_optim_register, which a function in C calls for a Fortran program
module cairn
    use, intrinsic :: iso_c_binding, only: c_associated, c_bool, c_char, c_double, c_float, c_funptr, c_int, c_int64_t, &
        c_null_char, c_null_funptr, c_null_ptr, c_ptr, c_size_t, c_f_pointer, c_loc, c_sizeof
    implicit none
    private

    !> The ways in which a function, and the program, can end (cairn/status.h)
    integer(c_int), parameter, public :: CAIRN_OK = 0, CAIRN_USAGE = 2, CAIRN_DATA = 3, CAIRN_NUMBERS = 4, &
        CAIRN_LOST = 5, CAIRN_FILES = 6, CAIRN_MEMORY = 12, CAIRN_BUG = 70, CAIRN_STOPPED = 75

    !> The kind of the numbers that this library computes with (cairn/real.h): c_double where it was built so
    integer, parameter, public :: cairn_real = c_float

    !> What one update was (cairn/trainer.h)
    type, bind(c), public :: cairn_update_record
        integer(c_int64_t) :: update, epoch, batch_samples
        real(c_double) :: normalizer, loss, lr, grad_norm
        real(c_double) :: data_s, compute_s, reduce_s, update_s
        logical(c_bool) :: stop
        real(c_double) :: noise_scale, noise_scale_se, noise_scale_updates, overlap_s
    end type

    !> What a sample is (cairn/data.h): dim from c_loc(dims), C's order, so x(features, samples) has dim = [features]
    type, bind(c), public :: cairn_data_form
        integer(c_size_t) :: size = 0 ! set by cairn_data_create
        type(c_ptr) :: dim = c_null_ptr
        integer(c_size_t) :: n_dims = 0, n_targets = 0, n_classes = 0
        logical(c_bool) :: weighted = .false.
        integer(c_size_t) :: vocabulary = 0
        type(c_ptr) :: y_dim = c_null_ptr
        integer(c_size_t) :: n_y_dims = 0
        logical(c_bool) :: weight_each = .false.
    end type

    !> Samples in arrays, addresses from c_loc (cairn/data.h)
    type, bind(c), public :: cairn_samples
        integer(c_size_t) :: n = 0
        type(c_ptr) :: x = c_null_ptr, target = c_null_ptr, label = c_null_ptr, weight = c_null_ptr, token = c_null_ptr, &
            number = c_null_ptr
    end type

    !> Tokens in an array, addresses from c_loc (cairn/data.h)
    type, bind(c), public :: cairn_token_stream
        integer(c_size_t) :: n = 0
        type(c_ptr) :: token = c_null_ptr
        integer(c_size_t) :: token_bytes = 0
        type(c_ptr) :: weight = c_null_ptr
    end type

    !> Where a function of cairn_data_function writes rows, for c_f_pointer (cairn/data.h)
    type, bind(c), public :: cairn_rows_out
        type(c_ptr) :: x, target, label, weight, token
    end type

    !> One tensor of a model, addresses for c_f_pointer (cairn/trainer.h)
    type, bind(c), public :: cairn_tensor
        type(c_ptr) :: name, dim
        integer(c_size_t) :: n_dims, n
        type(c_ptr) :: value, gradient, average
    end type

    !> Kinds of messages, and what Cairn may do in this process (cairn/host.h); message from c_funloc
    integer(c_int), parameter, public :: CAIRN_MESSAGE_WARNING = 0, CAIRN_MESSAGE_INFO = 1, CAIRN_MESSAGE_DETAIL = 2
    type, bind(c), public :: cairn_host_options
        integer(c_size_t) :: size = 0 ! set by cairn_host_settings
        type(c_funptr) :: message = c_null_funptr
        type(c_ptr) :: context = c_null_ptr
        logical(c_bool) :: sets_threads = .false.
    end type

    !> Functions that a run calls, bind(c), each from c_funloc (cairn/run.h)
    type, bind(c), public :: cairn_run_events
        type(c_funptr) :: updated = c_null_funptr, evaluated = c_null_funptr, saved = c_null_funptr, &
            stops = c_null_funptr, feed = c_null_funptr
        type(c_ptr) :: context = c_null_ptr
    end type

    !> What `evaluated` gets (cairn/run.h)
    type, bind(c), public :: cairn_run_scores
        integer(c_int64_t) :: update
        type(c_ptr) :: split
        real(c_double) :: loss, accuracy
    end type

    !> Arguments of cairn_run_open and cairn_trained_open, as C takes them
    type, bind(c) :: run_settings
        integer(c_size_t) :: size = 0
        type(c_ptr) :: folder = c_null_ptr, resume = c_null_ptr, init = c_null_ptr
        logical(c_bool) :: init_partial = .false., overwrite = .false., check = .false., profile = .false.
        type(c_ptr) :: data = c_null_ptr
        real(c_double) :: before_s = 0
        type(cairn_run_events) :: events
    end type
    type, bind(c) :: trained_settings
        integer(c_size_t) :: size = 0
        type(c_ptr) :: checkpoint = c_null_ptr, data_file = c_null_ptr, data = c_null_ptr, split = c_null_ptr
        logical(c_bool) :: average = .false., outputs_only = .false.
    end type

    public :: cairn_version, cairn_error_text, cairn_status_text, cairn_exit_code
    public :: cairn_host_settings, cairn_comm_open_on
    public :: cairn_comm_open, cairn_comm_close, cairn_comm_rank, cairn_comm_size, cairn_comm_agree
    public :: cairn_data_create, cairn_data_arrays, cairn_data_tokens, cairn_data_function, cairn_data_fed, &
        cairn_data_free, cairn_check_gradient
    public :: cairn_options_create, cairn_options_read, cairn_options_read_on, cairn_options_set, cairn_options_free
    public :: cairn_trainer_open_with, cairn_trainer_feed, cairn_trainer_batch
    public :: cairn_trainer_open, cairn_trainer_catch_signals, cairn_trainer_close, cairn_trainer_done
    public :: cairn_trainer_zero, cairn_trainer_share, cairn_trainer_backward, cairn_trainer_sum
    public :: cairn_trainer_set_rate, cairn_trainer_tensors, cairn_trainer_tensor, cairn_trainer_set_tensor
    public :: cairn_trainer_outputs, cairn_trainer_predict, cairn_trainer_save, cairn_trainer_load
    public :: cairn_run_open, cairn_run_trainer, cairn_run_step, cairn_run_go, cairn_run_save, cairn_run_summary
    public :: cairn_run_close
    public :: cairn_trained_open, cairn_trained_samples, cairn_trained_shape, cairn_trained_predict
    public :: cairn_trained_outputs, cairn_trained_write, cairn_trained_evaluate, cairn_trained_close
    public :: cairn_trainer_update, cairn_trainer_weights, cairn_trainer_weights_hash, cairn_trainer_evaluate

    interface ! cairn/status.h, cairn/version.h
        integer(c_int) function cairn_exit_code(st) bind(c)
            import :: c_int
            integer(c_int), value :: st
        end function

        type(c_ptr) function c_error_text() bind(c, name="cairn_error_text")
            import :: c_ptr
        end function

        type(c_ptr) function c_status_text(st) bind(c, name="cairn_status_text")
            import :: c_int, c_ptr
            integer(c_int), value :: st
        end function

        type(c_ptr) function c_version() bind(c, name="cairn_version")
            import :: c_ptr
        end function
    end interface

    interface ! cairn/host.h, cairn/mpi.h
        integer(c_int) function c_host_settings(host) bind(c, name="cairn_host_settings")
            import :: c_int, cairn_host_options
            type(cairn_host_options), intent(in) :: host
        end function

        !> cairn_comm_open_on for a communicator of Fortran's: an integer, or comm%mpi_val with mpi_f08
        integer(c_int) function cairn_comm_open_on(mpi, comm) bind(c, name="cairn_comm_open_on_fortran")
            import :: c_int, c_ptr
            integer(c_int), value :: mpi
            type(c_ptr), intent(out) :: comm
        end function
    end interface

    interface ! cairn/data.h
        integer(c_int) function c_data_create(form, data) bind(c, name="cairn_data_create")
            import :: c_int, c_ptr, cairn_data_form
            type(cairn_data_form), intent(in) :: form
            type(c_ptr), intent(out) :: data
        end function

        integer(c_int) function c_data_arrays(data, group, samples) bind(c, name="cairn_data_arrays")
            import :: c_char, c_int, c_ptr, cairn_samples
            type(c_ptr), value :: data
            character(kind=c_char), intent(in) :: group(*)
            type(cairn_samples), intent(in) :: samples
        end function

        integer(c_int) function c_data_tokens(data, group, stream) bind(c, name="cairn_data_tokens")
            import :: c_char, c_int, c_ptr, cairn_token_stream
            type(c_ptr), value :: data
            character(kind=c_char), intent(in) :: group(*)
            type(cairn_token_stream), intent(in) :: stream
        end function

        integer(c_int) function c_data_function(data, group, n, fill, context) bind(c, name="cairn_data_function")
            import :: c_char, c_funptr, c_int, c_ptr, c_size_t
            type(c_ptr), value :: data
            character(kind=c_char), intent(in) :: group(*)
            integer(c_size_t), value :: n
            type(c_funptr), value :: fill
            type(c_ptr), value :: context
        end function

        integer(c_int) function cairn_data_fed(data, n) bind(c)
            import :: c_int, c_ptr, c_size_t
            type(c_ptr), value :: data
            integer(c_size_t), value :: n
        end function

        subroutine cairn_data_free(data) bind(c)
            import :: c_ptr
            type(c_ptr), value :: data
        end subroutine
    end interface

    interface ! cairn/layer.h
        integer(c_int) function c_check_gradient(options, form, worst) bind(c, name="cairn_check_gradient")
            import :: c_double, c_int, c_ptr, cairn_data_form
            type(c_ptr), value :: options
            type(cairn_data_form), intent(in) :: form
            real(c_double), intent(out) :: worst
        end function
    end interface

    interface ! cairn/comm.h
        integer(c_int) function cairn_comm_open(comm) bind(c)
            import :: c_int, c_ptr
            type(c_ptr), intent(out) :: comm
        end function

        subroutine cairn_comm_close(comm) bind(c)
            import :: c_ptr
            type(c_ptr), value :: comm
        end subroutine

        integer(c_int) function cairn_comm_rank(comm) bind(c)
            import :: c_int, c_ptr
            type(c_ptr), value :: comm
        end function

        integer(c_int) function cairn_comm_size(comm) bind(c)
            import :: c_int, c_ptr
            type(c_ptr), value :: comm
        end function

        integer(c_int) function cairn_comm_agree(comm, st) bind(c)
            import :: c_int, c_ptr
            type(c_ptr), value :: comm
            integer(c_int), value :: st
        end function
    end interface

    interface ! cairn/options.h
        integer(c_int) function cairn_options_create(options) bind(c)
            import :: c_int, c_ptr
            type(c_ptr), intent(out) :: options
        end function

        integer(c_int) function c_options_read(path, overrides, options) bind(c, name="cairn_options_read")
            import :: c_char, c_int, c_ptr
            character(kind=c_char), intent(in) :: path(*)
            type(c_ptr), intent(in) :: overrides(*)
            type(c_ptr), intent(out) :: options
        end function

        integer(c_int) function c_options_read_on(comm, path, overrides, options) bind(c, name="cairn_options_read_on")
            import :: c_char, c_int, c_ptr
            type(c_ptr), value :: comm
            character(kind=c_char), intent(in) :: path(*)
            type(c_ptr), intent(in) :: overrides(*)
            type(c_ptr), intent(out) :: options
        end function

        integer(c_int) function c_options_set(options, key, text) bind(c, name="cairn_options_set")
            import :: c_char, c_int, c_ptr
            type(c_ptr), value :: options
            character(kind=c_char), intent(in) :: key(*), text(*)
        end function

        subroutine cairn_options_free(options) bind(c)
            import :: c_ptr
            type(c_ptr), value :: options
        end subroutine
    end interface

    interface ! cairn/trainer.h
        integer(c_int) function cairn_trainer_open(options, comm, trainer) bind(c)
            import :: c_int, c_ptr
            type(c_ptr), value :: options, comm
            type(c_ptr), intent(out) :: trainer
        end function

        integer(c_int) function cairn_trainer_open_with(options, data, comm, trainer) bind(c)
            import :: c_int, c_ptr
            type(c_ptr), value :: options, data, comm
            type(c_ptr), intent(out) :: trainer
        end function

        integer(c_int) function cairn_trainer_feed(trainer, m, samples) bind(c) ! m counts from 0
            import :: c_int, c_int64_t, c_ptr, cairn_samples
            type(c_ptr), value :: trainer
            integer(c_int64_t), value :: m
            type(cairn_samples), intent(in) :: samples
        end function

        integer(c_int) function cairn_trainer_batch(trainer, first, n_samples, n_micro) bind(c)
            import :: c_int, c_int64_t, c_ptr
            type(c_ptr), value :: trainer
            integer(c_int64_t), intent(out) :: first, n_samples, n_micro
        end function

        subroutine cairn_trainer_catch_signals() bind(c)
        end subroutine

        subroutine cairn_trainer_close(trainer) bind(c)
            import :: c_ptr
            type(c_ptr), value :: trainer
        end subroutine

        logical(c_bool) function cairn_trainer_done(trainer) bind(c)
            import :: c_bool, c_ptr
            type(c_ptr), value :: trainer
        end function

        subroutine cairn_trainer_zero(trainer) bind(c)
            import :: c_ptr
            type(c_ptr), value :: trainer
        end subroutine

        integer(c_size_t) function cairn_trainer_share(trainer) bind(c)
            import :: c_ptr, c_size_t
            type(c_ptr), value :: trainer
        end function

        integer(c_int) function cairn_trainer_backward(trainer, i) bind(c) ! i counts from 0
            import :: c_int, c_ptr, c_size_t
            type(c_ptr), value :: trainer
            integer(c_size_t), value :: i
        end function

        integer(c_int) function cairn_trainer_sum(trainer, st, again, record) bind(c)
            import :: c_bool, c_int, c_ptr, cairn_update_record
            type(c_ptr), value :: trainer
            integer(c_int), value :: st
            logical(c_bool), intent(out) :: again
            type(cairn_update_record), intent(inout) :: record
        end function

        integer(c_int) function cairn_trainer_update(trainer, record) bind(c)
            import :: c_int, c_ptr, cairn_update_record
            type(c_ptr), value :: trainer
            type(cairn_update_record), intent(inout) :: record
        end function

        type(c_ptr) function c_trainer_weights(trainer, n) bind(c, name="cairn_trainer_weights")
            import :: c_ptr, c_size_t
            type(c_ptr), value :: trainer
            integer(c_size_t), intent(out) :: n
        end function

        integer(c_int64_t) function cairn_trainer_weights_hash(trainer) bind(c) ! write it with z16.16
            import :: c_int64_t, c_ptr
            type(c_ptr), value :: trainer
        end function

        subroutine cairn_trainer_set_rate(trainer, lr) bind(c)
            import :: c_double, c_ptr
            type(c_ptr), value :: trainer
            real(c_double), value :: lr
        end subroutine

        integer(c_size_t) function cairn_trainer_tensors(trainer) bind(c)
            import :: c_ptr, c_size_t
            type(c_ptr), value :: trainer
        end function

        integer(c_int) function cairn_trainer_tensor(trainer, i, tensor) bind(c) ! i counts from 0
            import :: c_int, c_ptr, c_size_t, cairn_tensor
            type(c_ptr), value :: trainer
            integer(c_size_t), value :: i
            type(cairn_tensor), intent(out) :: tensor
        end function

        integer(c_int) function c_trainer_set_tensor(trainer, name, value, n) bind(c, name="cairn_trainer_set_tensor")
            import :: c_char, c_int, c_ptr, c_size_t, cairn_real
            type(c_ptr), value :: trainer
            character(kind=c_char), intent(in) :: name(*)
            real(cairn_real), intent(in) :: value(*)
            integer(c_size_t), value :: n
        end function

        integer(c_size_t) function cairn_trainer_outputs(trainer) bind(c)
            import :: c_ptr, c_size_t
            type(c_ptr), value :: trainer
        end function

        integer(c_int) function cairn_trainer_predict(trainer, average, x, n, outputs) bind(c)
            import :: c_bool, c_int, c_ptr, c_size_t, cairn_real
            type(c_ptr), value :: trainer
            logical(c_bool), value :: average
            real(cairn_real), intent(in) :: x(*)
            integer(c_size_t), value :: n
            real(cairn_real), intent(out) :: outputs(*)
        end function

        integer(c_int) function c_trainer_save(trainer, path) bind(c, name="cairn_trainer_save")
            import :: c_char, c_int, c_ptr
            type(c_ptr), value :: trainer
            character(kind=c_char), intent(in) :: path(*)
        end function

        integer(c_int) function c_trainer_load(trainer, path) bind(c, name="cairn_trainer_load")
            import :: c_char, c_int, c_ptr
            type(c_ptr), value :: trainer
            character(kind=c_char), intent(in) :: path(*)
        end function

        integer(c_int) function c_trainer_evaluate(trainer, split, loss, accuracy) bind(c, name="cairn_trainer_evaluate")
            import :: c_char, c_double, c_int, c_ptr
            type(c_ptr), value :: trainer
            character(kind=c_char), intent(in) :: split(*)
            real(c_double), intent(out) :: loss, accuracy
        end function
    end interface

    interface ! cairn/run.h
        integer(c_int) function c_run_open(options, comm, settings, run) bind(c, name="cairn_run_open")
            import :: c_int, c_ptr, run_settings
            type(c_ptr), value :: options, comm
            type(run_settings), intent(in) :: settings
            type(c_ptr), intent(out) :: run
        end function

        type(c_ptr) function cairn_run_trainer(run) bind(c)
            import :: c_ptr
            type(c_ptr), value :: run
        end function

        integer(c_int) function cairn_run_step(run, record, more) bind(c)
            import :: c_bool, c_int, c_ptr, cairn_update_record
            type(c_ptr), value :: run
            type(cairn_update_record), intent(inout) :: record
            logical(c_bool), intent(out) :: more
        end function

        integer(c_int) function cairn_run_go(run) bind(c)
            import :: c_int, c_ptr
            type(c_ptr), value :: run
        end function

        integer(c_int) function cairn_run_save(run) bind(c)
            import :: c_int, c_ptr
            type(c_ptr), value :: run
        end function

        type(c_ptr) function c_run_summary(run) bind(c, name="cairn_run_summary")
            import :: c_ptr
            type(c_ptr), value :: run
        end function

        subroutine cairn_run_close(run) bind(c)
            import :: c_ptr
            type(c_ptr), value :: run
        end subroutine
    end interface

    interface ! cairn/trained.h
        integer(c_int) function c_trained_open(comm, settings, trained) bind(c, name="cairn_trained_open")
            import :: c_int, c_ptr, trained_settings
            type(c_ptr), value :: comm
            type(trained_settings), intent(in) :: settings
            type(c_ptr), intent(out) :: trained
        end function

        integer(c_size_t) function cairn_trained_samples(trained) bind(c)
            import :: c_ptr, c_size_t
            type(c_ptr), value :: trained
        end function

        type(c_ptr) function c_trained_shape(trained, n_dims) bind(c, name="cairn_trained_shape")
            import :: c_ptr, c_size_t
            type(c_ptr), value :: trained
            integer(c_size_t), intent(out) :: n_dims
        end function

        integer(c_int) function cairn_trained_predict(trained, x, n, outputs) bind(c)
            import :: c_int, c_ptr, c_size_t, cairn_real
            type(c_ptr), value :: trained
            real(cairn_real), intent(in) :: x(*)
            integer(c_size_t), value :: n
            real(cairn_real), intent(out) :: outputs(*)
        end function

        integer(c_int) function c_trained_outputs(trained, outputs) bind(c, name="cairn_trained_outputs")
            import :: c_int, c_ptr
            type(c_ptr), value :: trained
            type(c_ptr), intent(out) :: outputs
        end function

        integer(c_int) function c_trained_write(trained, path) bind(c, name="cairn_trained_write")
            import :: c_char, c_int, c_ptr
            type(c_ptr), value :: trained
            character(kind=c_char), intent(in) :: path(*)
        end function

        integer(c_int) function cairn_trained_evaluate(trained, loss, accuracy) bind(c)
            import :: c_double, c_int, c_ptr
            type(c_ptr), value :: trained
            real(c_double), intent(out) :: loss, accuracy
        end function

        subroutine cairn_trained_close(trained) bind(c)
            import :: c_ptr
            type(c_ptr), value :: trained
        end subroutine
    end interface

contains

    !> A text that C can read, at an address; NULL for none.
    type(c_ptr) function address_of(text, letters)
        character(*), intent(in), optional :: text
        character(kind=c_char), allocatable, target, intent(out) :: letters(:)
        integer :: i
        address_of = c_null_ptr
        if (.not. present(text)) return
        allocate(letters(len_trim(text) + 1), source=c_null_char)
        do i = 1, len_trim(text)
            letters(i) = text(i:i)
        end do
        address_of = c_loc(letters)
    end function

    !> The text at an address that C gave us.
    function text_at(address) result(text)
        type(c_ptr), intent(in) :: address
        character(:), allocatable :: text
        character(kind=c_char), pointer :: letters(:)
        integer :: i, n
        call c_f_pointer(address, letters, [huge(0)])
        n = 0
        do while (letters(n + 1) /= c_null_char)
            n = n + 1
        end do
        allocate(character(n) :: text)
        do i = 1, n
            text(i:i) = letters(i)
        end do
    end function

    !> The version of the library that runs.
    function cairn_version() result(text)
        character(:), allocatable :: text
        text = text_at(c_version())
    end function

    !> This thread's last error; empty when there was none.
    function cairn_error_text() result(text)
        character(:), allocatable :: text
        text = text_at(c_error_text())
    end function

    !> What a status means, in one sentence.
    function cairn_status_text(st) result(text)
        integer(c_int), intent(in) :: st
        character(:), allocatable :: text
        text = text_at(c_status_text(st))
    end function

    !> The addresses of texts, and NULL after the last.
    subroutine addresses_of(overrides, texts, addresses)
        character(*), intent(in), optional :: overrides(:)
        character(kind=c_char), allocatable, target, intent(out) :: texts(:, :)
        type(c_ptr), allocatable, intent(out) :: addresses(:)
        integer :: i, j, n
        n = 0
        if (present(overrides)) n = size(overrides)
        allocate(addresses(n + 1))
        addresses(n + 1) = c_null_ptr
        if (n == 0) return
        allocate(texts(len(overrides) + 1, n), source=c_null_char)
        do i = 1, n
            do j = 1, len_trim(overrides(i))
                texts(j, i) = overrides(i)(j:j)
            end do
            addresses(i) = c_loc(texts(1, i))
        end do
    end subroutine

    !> Options from a run file; overrides are "batch.global=4096", blanks at their ends do not count.
    integer(c_int) function cairn_options_read(path, options, overrides)
        character(*), intent(in) :: path
        type(c_ptr), intent(out) :: options
        character(*), intent(in), optional :: overrides(:)
        character(kind=c_char), allocatable, target :: texts(:, :)
        type(c_ptr), allocatable :: addresses(:)
        call addresses_of(overrides, texts, addresses)
        cairn_options_read = c_options_read(trim(path) // c_null_char, addresses, options)
    end function

    !> The same, where rank 0 alone reads the file.
    integer(c_int) function cairn_options_read_on(comm, path, options, overrides)
        type(c_ptr), intent(in) :: comm
        character(*), intent(in) :: path
        type(c_ptr), intent(out) :: options
        character(*), intent(in), optional :: overrides(:)
        character(kind=c_char), allocatable, target :: texts(:, :)
        type(c_ptr), allocatable :: addresses(:)
        call addresses_of(overrides, texts, addresses)
        cairn_options_read_on = c_options_read_on(comm, trim(path) // c_null_char, addresses, options)
    end function

    !> Set one key, in place of what was set before.
    integer(c_int) function cairn_options_set(options, key, text)
        type(c_ptr), intent(in) :: options
        character(*), intent(in) :: key, text
        cairn_options_set = c_options_set(options, trim(key) // c_null_char, trim(text) // c_null_char)
    end function

    !> Change what Cairn may do in this process.
    integer(c_int) function cairn_host_settings(host)
        type(cairn_host_options), intent(in) :: host
        type(cairn_host_options) :: sized
        sized = host
        sized%size = c_sizeof(sized)
        cairn_host_settings = c_host_settings(sized)
    end function

    !> Describe a sample; groups come next.
    integer(c_int) function cairn_data_create(form, data)
        type(cairn_data_form), intent(in) :: form
        type(c_ptr), intent(out) :: data
        type(cairn_data_form) :: sized
        sized = form
        sized%size = c_sizeof(sized)
        cairn_data_create = c_data_create(sized, data)
    end function

    !> A group is in these arrays.
    integer(c_int) function cairn_data_arrays(data, group, samples)
        type(c_ptr), intent(in) :: data
        character(*), intent(in) :: group
        type(cairn_samples), intent(in) :: samples
        cairn_data_arrays = c_data_arrays(data, trim(group) // c_null_char, samples)
    end function

    !> A group is this stream of tokens.
    integer(c_int) function cairn_data_tokens(data, group, stream)
        type(c_ptr), intent(in) :: data
        character(*), intent(in) :: group
        type(cairn_token_stream), intent(in) :: stream
        cairn_data_tokens = c_data_tokens(data, trim(group) // c_null_char, stream)
    end function

    !> Check the gradient of the model of these options, with made-up samples of this form.
    integer(c_int) function cairn_check_gradient(options, form, worst)
        type(c_ptr), intent(in) :: options
        type(cairn_data_form), intent(in) :: form
        real(c_double), intent(out) :: worst
        type(cairn_data_form) :: sized
        sized = form
        sized%size = c_sizeof(sized)
        worst = 0
        cairn_check_gradient = c_check_gradient(options, sized, worst)
    end function

    !> A group has n samples, whose rows a bind(c) function gives: fill from c_funloc.
    integer(c_int) function cairn_data_function(data, group, n, fill, context)
        type(c_ptr), intent(in) :: data, context
        character(*), intent(in) :: group
        integer(c_size_t), intent(in) :: n
        type(c_funptr), intent(in) :: fill
        cairn_data_function = c_data_function(data, trim(group) // c_null_char, n, fill, context)
    end function

    !> The weights in checkpoint order; they belong to the trainer.
    function cairn_trainer_weights(trainer) result(weights)
        type(c_ptr), intent(in) :: trainer
        real(cairn_real), pointer :: weights(:)
        integer(c_size_t) :: n
        type(c_ptr) :: address
        address = c_trainer_weights(trainer, n)
        call c_f_pointer(address, weights, [n])
    end function

    !> Set the values of a tensor; rank 0's count on all ranks.
    integer(c_int) function cairn_trainer_set_tensor(trainer, name, value)
        type(c_ptr), intent(in) :: trainer
        character(*), intent(in) :: name
        real(cairn_real), intent(in) :: value(:)
        cairn_trainer_set_tensor = c_trainer_set_tensor(trainer, trim(name) // c_null_char, value, size(value, kind=c_size_t))
    end function

    !> Write a checkpoint of the trainer as it stands.
    integer(c_int) function cairn_trainer_save(trainer, path)
        type(c_ptr), intent(in) :: trainer
        character(*), intent(in) :: path
        cairn_trainer_save = c_trainer_save(trainer, trim(path) // c_null_char)
    end function

    !> Go on from a checkpoint.
    integer(c_int) function cairn_trainer_load(trainer, path)
        type(c_ptr), intent(in) :: trainer
        character(*), intent(in) :: path
        cairn_trainer_load = c_trainer_load(trainer, trim(path) // c_null_char)
    end function

    !> Open a run in a folder; what is not given is as in C where it is zero.
    integer(c_int) function cairn_run_open(options, comm, folder, run, resume, init, init_partial, overwrite, check, &
            data, before_s, events, profile)
        type(c_ptr), intent(in) :: options, comm
        character(*), intent(in) :: folder
        type(c_ptr), intent(out) :: run
        character(*), intent(in), optional :: resume, init
        logical, intent(in), optional :: init_partial, overwrite, check, profile
        type(c_ptr), intent(in), optional :: data
        real(c_double), intent(in), optional :: before_s
        type(cairn_run_events), intent(in), optional :: events
        character(kind=c_char), allocatable, target :: in_folder(:), from(:), with(:)
        type(run_settings) :: settings
        settings%size = c_sizeof(settings)
        settings%folder = address_of(folder, in_folder)
        settings%resume = address_of(resume, from)
        settings%init = address_of(init, with)
        if (present(init_partial)) settings%init_partial = init_partial
        if (present(overwrite)) settings%overwrite = overwrite
        if (present(check)) settings%check = check
        if (present(profile)) settings%profile = profile
        if (present(data)) settings%data = data
        if (present(before_s)) settings%before_s = before_s
        if (present(events)) settings%events = events
        cairn_run_open = c_run_open(options, comm, settings, run)
    end function

    !> The text of summary.json on rank 0, once the run has ended; else empty.
    function cairn_run_summary(run) result(text)
        type(c_ptr), intent(in) :: run
        character(:), allocatable :: text
        type(c_ptr) :: address
        address = c_run_summary(run)
        text = ""
        if (c_associated(address)) text = text_at(address)
    end function

    !> Open a trained model; what is not given is as in C where it is zero.
    integer(c_int) function cairn_trained_open(comm, checkpoint, trained, data_file, data, split, average, outputs_only)
        type(c_ptr), intent(in) :: comm
        character(*), intent(in) :: checkpoint
        type(c_ptr), intent(out) :: trained
        character(*), intent(in), optional :: data_file, split
        type(c_ptr), intent(in), optional :: data
        logical, intent(in), optional :: average, outputs_only
        character(kind=c_char), allocatable, target :: from(:), of(:), group(:)
        type(trained_settings) :: settings
        settings%size = c_sizeof(settings)
        settings%checkpoint = address_of(checkpoint, from)
        settings%data_file = address_of(data_file, of)
        settings%split = address_of(split, group)
        if (present(data)) settings%data = data
        if (present(average)) settings%average = average
        if (present(outputs_only)) settings%outputs_only = outputs_only
        cairn_trained_open = c_trained_open(comm, settings, trained)
    end function

    !> The shape of a sample's outputs, in C's order; it belongs to the model.
    function cairn_trained_shape(trained) result(shape)
        type(c_ptr), intent(in) :: trained
        integer(c_size_t), pointer :: shape(:)
        integer(c_size_t) :: n
        type(c_ptr) :: address
        address = c_trained_shape(trained, n)
        call c_f_pointer(address, shape, [n])
    end function

    !> The outputs for all samples on rank 0, until the next call; null elsewhere.
    integer(c_int) function cairn_trained_outputs(trained, outputs)
        type(c_ptr), intent(in) :: trained
        real(cairn_real), pointer, intent(out) :: outputs(:)
        type(c_ptr) :: address
        nullify(outputs)
        cairn_trained_outputs = c_trained_outputs(trained, address)
        if (cairn_trained_outputs /= CAIRN_OK) return
        if (.not. c_associated(address)) return
        call c_f_pointer(address, outputs, [cairn_trained_samples(trained) * product(cairn_trained_shape(trained))])
    end function

    !> The same into an HDF5 file.
    integer(c_int) function cairn_trained_write(trained, path)
        type(c_ptr), intent(in) :: trained
        character(*), intent(in) :: path
        cairn_trained_write = c_trained_write(trained, trim(path) // c_null_char)
    end function

    !> Loss and accuracy over the group `split`: "train", "val" or "test".
    integer(c_int) function cairn_trainer_evaluate(trainer, split, loss, accuracy)
        type(c_ptr), intent(in) :: trainer
        character(*), intent(in) :: split
        real(c_double), intent(out) :: loss, accuracy
        cairn_trainer_evaluate = c_trainer_evaluate(trainer, trim(split) // c_null_char, loss, accuracy)
    end function
end module
