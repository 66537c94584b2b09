//! What lies below the filter's rules against executable memory, without the filter.

#![cfg(all(target_os = "linux", not(feature = "unsealed")))]
#![allow(unsafe_code, reason = "memory is mapped in a process of its own")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use palisade_sandbox::process::refuse_executable_memory;

#[test]
fn writable_memory_does_not_become_executable() {
    const MISSING: i32 = 9;
    // SAFETY: the new process allocates nothing, takes no lock, and ends by _exit(2); it maps memory that nobody uses.
    let code = unsafe {
        let pid = libc::fork();
        assert!(pid >= 0, "fork");
        if pid == 0 {
            let map =
                |prot| libc::mmap(std::ptr::null_mut(), 4096, prot, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS, -1, 0);
            let (data, all) =
                (libc::PROT_READ | libc::PROT_WRITE, libc::PROT_READ | libc::PROT_WRITE | libc::PROT_EXEC);
            // Without it both work, else the refusals below would prove nothing.
            if map(all) == libc::MAP_FAILED || refuse_executable_memory().is_err() {
                libc::_exit(1);
            }
            // PR_GET_MDWE is not there either on kernels before 6.3.
            if libc::prctl(66, 0, 0, 0, 0) != 1 {
                libc::_exit(MISSING);
            }
            let page = map(data);
            if page == libc::MAP_FAILED {
                libc::_exit(2);
            }
            let refused =
                map(all) == libc::MAP_FAILED && libc::mprotect(page, 4096, libc::PROT_READ | libc::PROT_EXEC) != 0;
            libc::_exit(if refused { 0 } else { 3 });
        }
        let mut status = 0;
        assert_eq!(libc::waitpid(pid, &raw mut status, 0), pid);
        assert!(libc::WIFEXITED(status), "{status:#x}");
        libc::WEXITSTATUS(status)
    };
    if code == MISSING {
        eprintln!("SKIPPED: this kernel is older than Linux 6.3");
        return;
    }
    assert_eq!(code, 0);
}
