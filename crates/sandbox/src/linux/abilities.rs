//! What abilities demand of the other layers. Where a demand is not met there is no forkserver and no child: what
//! cannot be bounded is refused.

use std::ffi::CStr;

use crate::layer::{Layer, Mode, Refusal};
use crate::plan::{Calls, JailPlan, Modes, Scratch, SealPlan};

/// The oldest glibc that has the resolver and its sources of names (files, DNS) in itself; older ones load them when they are
/// first used, which no child can.
const RESOLVER_BUILT_IN: (u32, u32) = (2, 34);

/// How much each layer is wanted, when what the children may do is counted in.
///
/// # Errors
/// A refusal where the plan contradicts itself.
pub(super) fn modes(plan: &JailPlan) -> Result<Modes, Refusal> {
    check_ports(plan.calls, &plan.connect_tcp)?;
    check_scratch(plan.calls, plan.scratch.as_ref())?;
    let mut modes = plan.modes;
    if let Some(scratch) = &plan.scratch {
        if plan.slot_uids.is_some_and(|slots| slots.count != scratch.folders) {
            return Err(Refusal::new(
                Layer::SlotUids,
                format!("there are {} scratch folders, and another number of user ids", scratch.folders),
                "plan as many of one as of the other",
            ));
        }
        modes.mount_namespace = Mode::Required;
    }
    if plan.calls.network() {
        if modes.net_namespace == Mode::Required {
            return Err(Refusal::new(
                Layer::NetNamespace,
                "tasks may use the network, which is not there in a namespace of their own",
                "set net_namespace to off or best-effort, or allow tasks neither TCP nor DNS",
            ));
        }
        modes.net_namespace = Mode::Off;
        if modes.landlock == Mode::Off {
            return Err(unbounded());
        }
        modes.landlock = Mode::Required;
    }
    Ok(modes)
}

/// Whether a child can be sealed so in this process, which is to be its parent.
///
/// # Errors
/// A refusal that names what is missing.
pub(super) fn check_seal(plan: &SealPlan) -> Result<(), Refusal> {
    check_ports(plan.calls, &plan.connect_tcp)?;
    check_scratch(plan.calls, plan.scratch.as_ref())?;
    if plan.calls.network() && !plan.landlock {
        return Err(unbounded());
    }
    if plan.calls.dns { check_resolver(c_library_version().as_deref()) } else { Ok(()) }
}

/// Says of a refused mount namespace what it was needed for.
pub(super) fn explain(plan: &JailPlan, refusal: Refusal) -> Refusal {
    if plan.scratch.is_none() || refusal.layer != Layer::MountNamespace {
        return refusal;
    }
    Refusal::new(
        refusal.layer,
        format!("a scratch folder takes mounts of the runner's own, and {}", refusal.found),
        "run it as root with CAP_SYS_ADMIN or where user namespaces are allowed, or give tasks no scratch folder",
    )
}

fn check_scratch(calls: Calls, scratch: Option<&Scratch>) -> Result<(), Refusal> {
    let found = match scratch {
        Some(_) if !calls.scratch => "there are scratch folders, and no task may write",
        None if calls.scratch => "tasks may write, and there are no scratch folders",
        Some(Scratch { bytes, entries, folders, .. }) if *bytes == 0 || *entries == 0 || *folders == 0 => {
            "a scratch folder without any room"
        }
        _ => return Ok(()),
    };
    Err(Refusal::new(Layer::MountNamespace, found, "give each task a folder of some size, or none"))
}

fn unbounded() -> Refusal {
    let remedy = "leave Landlock on, or allow tasks neither TCP nor DNS";
    Refusal::new(Layer::Landlock, "without it connections cannot be held to the allowed TCP ports", remedy)
}

fn check_ports(calls: Calls, ports: &[u16]) -> Result<(), Refusal> {
    let refuse = |found: &str, remedy: &str| Err(Refusal::new(Layer::Landlock, found, remedy));
    if !calls.tcp && !ports.is_empty() {
        return refuse("TCP ports are listed for tasks that may not use TCP", "allow TCP, or list no ports");
    }
    if ports.contains(&0) {
        return refuse("0 is listed as a TCP port", "list ports from 1 to 65535");
    }
    Ok(())
}

/// What the C library of this process calls its version; nothing where it is not glibc.
fn c_library_version() -> Option<String> {
    // Not linked to: the same code is loaded by interpreters of other C libraries.
    // SAFETY: the name is a C string; the answer is null or the address of a function of that name.
    let symbol = unsafe { libc::dlsym(libc::RTLD_DEFAULT, c"gnu_get_libc_version".as_ptr()) };
    if symbol.is_null() {
        return None;
    }
    // SAFETY: glibc documents the function as `const char *(void)`, and its answer as a constant text.
    let version = unsafe {
        let function = std::mem::transmute::<*mut libc::c_void, extern "C" fn() -> *const libc::c_char>(symbol);
        CStr::from_ptr(function())
    };
    Some(version.to_string_lossy().into_owned())
}

fn check_resolver(version: Option<&str>) -> Result<(), Refusal> {
    let (major, minor) = RESOLVER_BUILT_IN;
    let found = match version {
        None => {
            "the interpreter's C library is not glibc, and resolves names with calls that tasks have not".to_owned()
        }
        Some(version) => {
            let mut numbers = version.split('.').map(|n| n.parse::<u32>().unwrap_or(0));
            if (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0)) >= RESOLVER_BUILT_IN {
                return Ok(());
            }
            format!("glibc {version} loads its resolver when it is first used, which no task can")
        }
    };
    let remedy = format!("use an interpreter with glibc {major}.{minor} or newer, or allow tasks no DNS");
    Err(Refusal::new(Layer::Seccomp, found, remedy))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_resolver_that_is_there_already_will_do() {
        assert!(check_resolver(Some("2.36")).is_ok());
        assert!(check_resolver(Some("2.34.9000")).is_ok());
        assert!(check_resolver(Some("3.0")).is_ok());
        for (version, word) in [(Some("2.33"), "glibc 2.33 loads"), (Some("odd"), "glibc odd"), (None, "not glibc")] {
            let refusal = check_resolver(version).unwrap_err();
            assert!(refusal.found.contains(word), "{refusal}");
        }
    }

    #[test]
    fn ports_go_with_tcp() {
        let tcp = Calls { tcp: true, ..Calls::strict() };
        assert!(check_ports(tcp, &[443]).is_ok());
        assert!(check_ports(Calls::strict(), &[]).is_ok());
        assert!(check_ports(Calls::strict(), &[443]).is_err());
        assert!(check_ports(tcp, &[443, 0]).is_err());
    }
}
