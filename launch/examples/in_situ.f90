! SPDX-License-Identifier: BSD-3-Clause
! Training inside a simulation: in_situ.c in Fortran, through the module cairn, with the same weights.  The heat equation
! on a ring of patches that the ranks share, and a network that learns beside it what a cell will be after the next step.
!
!   mpifort $(pkg-config --variable=fortran cairn) in_situ.f90 -o in_situ $(pkg-config --libs cairn)
!   mpirun -n 4 ./in_situ blocks && mpirun -n 2 ./in_situ in-turn
module heat
    use, intrinsic :: iso_c_binding, only: c_double
    use mpi_f08
    implicit none

    integer, parameter :: patches = 12, cells = 16, reach = 2

    !> The patches' cells with `reach` more on both sides, as they are and as they will be
    real(c_double), asynchronous :: now(1 - reach:cells + reach, 0:patches - 1)
    real(c_double) :: next(cells, 0:patches - 1)
    logical :: in_turn = .false. ! the decomposition: patch p on rank p mod R, or in blocks
    integer :: rank = 0, n_ranks = 1

contains

    pure integer function owner(p)
        integer, intent(in) :: p
        owner = merge(mod(p, n_ranks), p * n_ranks / patches, in_turn)
    end function

    subroutine begin()
        integer :: p, i
        do concurrent(p = 0:patches - 1, i = 1:cells)
            now(i, p) = real(mod((p * cells + i - 1) * 37, 101), c_double) / 101
        end do
    end subroutine

    !> The edges of all neighbours.  A patch and its neighbours may be on one rank or on three.
    subroutine exchange()
        type(MPI_Request) :: request(4 * patches)
        integer :: p, before, after, left, right, n
        n = 0
        do p = 0, patches - 1
            if (owner(p) /= rank) cycle
            before = modulo(p - 1, patches)
            after = modulo(p + 1, patches)
            left = owner(before)
            right = owner(after)
            call MPI_Irecv(now(1 - reach:0, p), reach, MPI_DOUBLE_PRECISION, left, 2 * before, MPI_COMM_WORLD, request(n + 1))
            call MPI_Irecv(now(cells + 1:cells + reach, p), reach, MPI_DOUBLE_PRECISION, right, 2 * after + 1, &
                MPI_COMM_WORLD, request(n + 2))
            call MPI_Isend(now(cells - reach + 1:cells, p), reach, MPI_DOUBLE_PRECISION, right, 2 * p, MPI_COMM_WORLD, &
                request(n + 3))
            call MPI_Isend(now(1:reach, p), reach, MPI_DOUBLE_PRECISION, left, 2 * p + 1, MPI_COMM_WORLD, request(n + 4))
            n = n + 4
        end do
        call MPI_Waitall(n, request, MPI_STATUSES_IGNORE)
    end subroutine

    subroutine step(p)
        integer, intent(in) :: p
        integer :: i
        do i = 1, cells
            next(i, p) = now(i, p) + 0.2_c_double * (now(i - 1, p) - 2 * now(i, p) + now(i + 1, p))
        end do
    end subroutine
end module

program in_situ
    use, intrinsic :: iso_c_binding
    use, intrinsic :: iso_fortran_env, only: error_unit
    use cairn
    use heat
    implicit none
    integer, parameter :: inputs = 2 * reach + 1, steps = 40
    type(c_ptr) :: comm = c_null_ptr, trainer = c_null_ptr
    type(cairn_update_record) :: record
    integer(c_int) :: st
    character(16) :: decomposition
    call MPI_Init()
    call MPI_Comm_rank(MPI_COMM_WORLD, rank)
    call MPI_Comm_size(MPI_COMM_WORLD, n_ranks)
    call get_command_argument(1, decomposition)
    in_turn = decomposition == "in-turn"
    st = cairn_comm_open_on(MPI_COMM_WORLD%mpi_val, comm)
    if (st == CAIRN_OK) st = open_trainer()
    if (st == CAIRN_OK) st = simulate()
    if (st /= CAIRN_OK .and. rank == 0) write (error_unit, "(2a)") "in_situ: ", cairn_error_text()
    if (st == CAIRN_OK .and. rank == 0) print "(i0, ' updates, loss ', g0.6, ', weights ', z16.16)", record%update, &
        record%loss, cairn_trainer_weights_hash(trainer)
    call cairn_trainer_close(trainer)
    call cairn_comm_close(comm)
    call MPI_Finalize()
    if (st /= CAIRN_OK) error stop

contains

    integer(c_int) function open_trainer() result(st)
        character(*), parameter :: keys(8) = [character(20) :: "model", "loss", "batch.global", "batch.micro", &
            "optim.name", "optim.lr", "train.updates", "train.reproducible"]
        character(*), parameter :: values(8) = [character(80) :: &
            "[{type: dense, units: 16}, {type: tanh}, {type: dense, units: 1}]", "squared_error", "192", "16", &
            "adam", "0.01", "40", "true"]
        integer(c_size_t), target :: dims(1) = [inputs]
        type(c_ptr) :: options = c_null_ptr, data = c_null_ptr
        integer :: i
        st = cairn_options_create(options)
        do i = 1, size(keys)
            if (st == CAIRN_OK) st = cairn_options_set(options, keys(i), values(i))
        end do
        if (st == CAIRN_OK) st = cairn_data_create(cairn_data_form(dim=c_loc(dims), n_dims=1, n_targets=1), data)
        if (st == CAIRN_OK) st = cairn_data_fed(data, int(patches * cells, c_size_t))
        st = cairn_comm_agree(comm, st)
        if (st == CAIRN_OK) st = cairn_trainer_open_with(options, data, comm, trainer)
        call cairn_data_free(data)
        call cairn_options_free(options)
    end function

    !> Micro-batch p is patch p: of each cell its neighbourhood, and what it will be.
    integer(c_int) function feed(p) result(st)
        integer, intent(in) :: p
        real(cairn_real), target :: x(inputs, cells), y(cells)
        integer :: i
        do i = 1, cells
            x(:, i) = real(now(i - reach:i + reach, p), cairn_real)
        end do
        y = real(next(:, p), cairn_real)
        st = cairn_trainer_feed(trainer, int(p, c_int64_t), &
            cairn_samples(n=int(cells, c_size_t), x=c_loc(x), target=c_loc(y)))
    end function

    !> One update from one step of the simulation.
    integer(c_int) function learn() result(st)
        logical(c_bool) :: again
        integer :: p
        st = CAIRN_OK
        again = .true.
        do while (st == CAIRN_OK .and. again)
            call cairn_trainer_zero(trainer)
            do p = 0, patches - 1
                if (owner(p) == rank .and. st == CAIRN_OK) st = feed(p)
            end do
            st = cairn_trainer_sum(trainer, st, again, record)
        end do
    end function

    !> The simulation, with a network beside it.
    integer(c_int) function simulate() result(st)
        integer :: s, p
        st = CAIRN_OK
        call begin()
        do s = 1, steps
            call exchange()
            do p = 0, patches - 1
                if (owner(p) == rank) call step(p)
            end do
            st = learn()
            if (st /= CAIRN_OK) return
            now(1:cells, :) = next
        end do
    end function
end program
