"""Decide of each system call whether student code has business with it: known and allowed, refused, or not there.

The allowed are those of Docker's default profile, under which torch and CUDA run everywhere, less what is decided
otherwise here; what a kernel of next year adds is on neither list and is answered as by a kernel that lacks it. So is
what no program of today misses: old calls, and new ones that tell of the host or hold memory that nobody counts.
`tests/autograder/test_seccomp.py` holds that each call that libseccomp knows stands on one list.
"""

from collections.abc import Sequence

__all__ = ["ABSENT", "ALLOWED", "REFUSED"]

REFUSED: Sequence[str] = (
    # the file system's layout
    *("mount", "umount", "umount2", "pivot_root", "move_mount", "open_tree", "fsopen", "fsconfig", "fsmount", "fspick"),
    *("mount_setattr", "chroot", "swapon", "swapoff", "quotactl", "quotactl_fd", "fanotify_init", "fanotify_mark"),
    *("open_tree_attr", "name_to_handle_at", "open_by_handle_at"),
    # namespaces
    *("unshare", "setns", "sethostname", "setdomainname"),
    # other processes
    *("ptrace", "process_vm_readv", "process_vm_writev", "process_madvise", "pidfd_getfd", "kcmp"),
    # memory that nobody counts: no mapping and no file system's; in a pipe one byte keeps a huge page (vmsplice), or a
    # page of a file that is gone (splice, tee)
    *("memfd_secret", "shmget", "msgget", "semget", "userfaultfd", "vmsplice", "splice", "tee"),
    # the kernel itself
    *("bpf", "perf_event_open", "io_uring_setup", "io_uring_enter", "io_uring_register", "add_key", "request_key"),
    *("keyctl", "kexec_load", "kexec_file_load", "init_module", "finit_module", "delete_module", "reboot", "acct"),
    *("syslog", "lookup_dcookie", "nfsservctl", "vhangup", "iopl", "ioperm", "modify_ldt", "personality"),
    # the clock
    *("settimeofday", "clock_settime", "clock_settime64", "clock_adjtime", "clock_adjtime64", "adjtimex", "stime"),
    # where and how eagerly it computes: each submission has its own processor
    *("sched_setaffinity", "sched_setscheduler", "sched_setparam", "sched_setattr", "setpriority", "ioprio_set"),
    *("mbind", "set_mempolicy", "set_mempolicy_home_node", "move_pages", "migrate_pages"),
)
"""Fail with EPERM, as for anybody without the right."""

ABSENT: Sequence[str] = (
    # their memory belongs to the whole host (io_setup) or to nothing that is watched; each program has another way
    *("io_setup", "io_destroy", "io_getevents", "io_pgetevents", "io_pgetevents_time64", "io_submit", "io_cancel"),
    *("inotify_init", "inotify_init1", "inotify_add_watch", "inotify_rm_watch"),
    *("mq_open", "mq_unlink", "mq_timedsend", "mq_timedsend_time64", "mq_timedreceive", "mq_timedreceive_time64"),
    *("mq_notify", "mq_getsetattr"),
    # of no use without what makes them: shmget, semget, msgget
    *("shmat", "shmctl", "shmdt", "semop", "semctl", "semtimedop", "semtimedop_time64", "msgsnd", "msgrcv", "msgctl"),
    *("ipc",),
    # they tell of the host: paths of mounts, modules of security, namespaces
    *("statmount", "listmount", "listns", "lsm_get_self_attr", "lsm_set_self_attr", "lsm_list_modules"),
    # the C library falls back on clone, whose flags are no memory and can be looked at
    "clone3",
    # nothing of today calls these
    *("_sysctl", "afs_syscall", "bdflush", "create_module", "epoll_ctl_old", "epoll_wait_old", "get_kernel_syms"),
    *("getpmsg", "putpmsg", "query_module", "remap_file_pages", "security", "sysfs", "tuxcall", "uselib", "ustat"),
    *("vserver", "map_shadow_stack", "process_mrelease", "cachestat", "set_thread_area", "get_thread_area"),
    *("file_getattr", "file_setattr", "setxattrat", "getxattrat", "listxattrat", "removexattrat", "uretprobe"),
)
"""Answered with ENOSYS, like every call that is on no list."""

ALLOWED: Sequence[str] = (
    # files
    *("read", "write", "open", "close", "stat", "fstat", "lstat", "poll", "lseek", "ioctl", "pread64", "pwrite64"),
    *("readv", "writev", "access", "pipe", "select", "dup", "dup2", "dup3", "pipe2", "sendfile", "fcntl", "flock"),
    *("fsync", "fdatasync", "truncate", "ftruncate", "getdents", "getdents64", "getcwd", "chdir", "fchdir", "rename"),
    *("mkdir", "rmdir", "creat", "link", "unlink", "symlink", "readlink", "chmod", "fchmod", "chown", "fchown"),
    *("lchown", "umask", "utime", "utimes", "futimesat", "utimensat", "mknod", "mknodat", "statfs", "fstatfs", "statx"),
    *("sync", "syncfs", "sync_file_range", "readahead", "fadvise64", "fallocate", "openat", "openat2", "mkdirat"),
    *("fchownat", "newfstatat", "unlinkat", "renameat", "renameat2", "linkat", "symlinkat", "readlinkat", "fchmodat"),
    *("fchmodat2", "faccessat", "faccessat2", "pselect6", "ppoll", "copy_file_range", "preadv", "pwritev", "preadv2"),
    *("pwritev2", "close_range", "setxattr", "lsetxattr", "fsetxattr", "getxattr", "lgetxattr", "fgetxattr"),
    *("listxattr", "llistxattr", "flistxattr", "removexattr", "lremovexattr", "fremovexattr"),
    # memory
    *("mmap", "mprotect", "munmap", "brk", "mremap", "msync", "mincore", "madvise", "mlock", "mlock2", "munlock"),
    *("mlockall", "munlockall", "get_mempolicy", "pkey_mprotect", "pkey_alloc", "pkey_free", "membarrier", "mseal"),
    "memfd_create",
    # processes and threads
    *("clone", "fork", "vfork", "execve", "execveat", "exit", "exit_group", "wait4", "waitid", "kill", "tkill"),
    *("tgkill", "getpid", "getppid", "gettid", "getpgid", "setpgid", "getpgrp", "getsid", "setsid", "prctl"),
    *("arch_prctl", "set_tid_address", "set_robust_list", "get_robust_list", "rseq", "futex", "futex_waitv"),
    *("futex_wake", "futex_wait", "futex_requeue", "pidfd_open", "pidfd_send_signal", "sched_yield", "getcpu"),
    *("sched_getaffinity", "sched_getparam", "sched_getscheduler", "sched_getattr", "sched_get_priority_max"),
    *("sched_get_priority_min", "sched_rr_get_interval", "getpriority", "ioprio_get", "restart_syscall"),
    # signals
    *("rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "rt_sigpending", "rt_sigtimedwait", "rt_sigqueueinfo"),
    *("rt_tgsigqueueinfo", "rt_sigsuspend", "sigaltstack", "pause", "signalfd", "signalfd4", "eventfd", "eventfd2"),
    # time
    *("nanosleep", "clock_nanosleep", "clock_gettime", "clock_getres", "gettimeofday", "time", "times", "alarm"),
    *("getitimer", "setitimer", "timer_create", "timer_settime", "timer_gettime", "timer_getoverrun", "timer_delete"),
    *("timerfd_create", "timerfd_settime", "timerfd_gettime"),
    # waiting and sockets
    *("epoll_create", "epoll_create1", "epoll_ctl", "epoll_wait", "epoll_pwait", "epoll_pwait2", "socket"),
    *("socketpair", "connect", "accept", "accept4", "bind", "listen", "sendto", "recvfrom", "sendmsg", "recvmsg"),
    *("sendmmsg", "recvmmsg", "shutdown", "getsockname", "getpeername", "setsockopt", "getsockopt"),
    # who and how much
    *("uname", "sysinfo", "getrlimit", "setrlimit", "prlimit64", "getrusage", "getrandom", "getuid", "getgid"),
    *("geteuid", "getegid", "getgroups", "setuid", "setgid", "setreuid", "setregid", "setgroups", "setresuid"),
    *("getresuid", "setresgid", "getresgid", "setfsuid", "setfsgid", "capget", "capset"),
    # further walls
    *("seccomp", "landlock_create_ruleset", "landlock_add_rule", "landlock_restrict_self"),
)
"""Reach the kernel. `seccomp` looks closer at some: clone, ioctl, mknod, mknodat, socket, socketpair, memfd_create."""
