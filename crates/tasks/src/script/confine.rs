//! Gives up rights: limits of the system on this process, and a list of the few system calls that computing needs. The engine of
//! JavaScript has no function for files or the network; this is for the day it has a hole.

use heddle_model::limits;
use rustix::process::{Resource, Rlimit, setrlimit};
use std::io;

/// Confines this process for the rest of its life.
///
/// # Errors
/// A limit that the system refuses.
pub fn confine(memory_mb: u64, time_ms: u64) -> io::Result<()> {
    let both = |value: u64| Rlimit { current: Some(value), maximum: Some(value) };
    if let Some(now) = address_space() {
        let room = (memory_mb + limits::SCRIPT_OVERHEAD_MB) * 1024 * 1024;
        setrlimit(Resource::As, both(now + room))?;
    }
    // The engine itself looks at the clock; this is for what it does in one go, in whole seconds.
    let seconds = time_ms.div_ceil(1_000) + 1;
    setrlimit(Resource::Cpu, Rlimit { current: Some(seconds), maximum: Some(seconds + 1) })?;
    for nothing in [Resource::Core, Resource::Fsize, Resource::Nofile, Resource::Nproc] {
        setrlimit(nothing, both(0))?;
    }
    system_calls();
    Ok(())
}

/// Bytes of address space in use, where the system tells: the program itself counts, and its size is not the script's fault.
fn address_space() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/self/statm").ok()?;
    let pages = text.split(' ').next()?.parse::<u64>().ok()?;
    Some(pages * rustix::param::page_size() as u64)
}

/// Refuses every system call but those of memory, time, the answer and the end, where the system can do so.
#[cfg(target_os = "linux")]
fn system_calls() {
    use seccompiler::{BpfProgram, SeccompAction, SeccompFilter, apply_filter};
    const ALLOWED: [i64; 24] = [
        libc::SYS_write,
        libc::SYS_close,
        libc::SYS_brk,
        libc::SYS_mmap,
        libc::SYS_munmap,
        libc::SYS_mremap,
        libc::SYS_mprotect,
        libc::SYS_madvise,
        libc::SYS_futex,
        libc::SYS_clock_gettime,
        libc::SYS_gettimeofday,
        libc::SYS_getrandom,
        libc::SYS_getrusage,
        libc::SYS_rt_sigaction,
        libc::SYS_rt_sigprocmask,
        libc::SYS_rt_sigreturn,
        libc::SYS_sigaltstack,
        libc::SYS_sched_yield,
        libc::SYS_getpid,
        libc::SYS_gettid,
        libc::SYS_tgkill,
        libc::SYS_restart_syscall,
        libc::SYS_exit,
        libc::SYS_exit_group,
    ];
    let Ok(machine) = std::env::consts::ARCH.try_into() else { return };
    let rules = ALLOWED.into_iter().map(|call| (call, Vec::new())).collect();
    let refuse = SeccompAction::Errno(libc::EPERM.unsigned_abs());
    let filter = SeccompFilter::new(rules, refuse, SeccompAction::Allow, machine);
    if let Some(program) = filter.ok().and_then(|filter| BpfProgram::try_from(filter).ok()) {
        // A kernel without it: the limits above stand.
        drop(apply_filter(&program));
    }
}

#[cfg(not(target_os = "linux"))]
fn system_calls() {}
