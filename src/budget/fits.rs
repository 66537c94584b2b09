//! Whether there is room for what each profile lets a task answer, which is known before the first task comes.

use palisade_policy::Policy;
use thiserror::Error;

const MIB: u64 = 1 << 20;

/// A profile promises results that could never be sent.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "profile {profile}: limits.result_mib = {wanted} ({origin}) is more than the {room} MiB which the results of all tasks \
     together may take; set PALISADE_ANSWER_MEMORY_MIB to {wanted} or more, or limits.result_mib to {room} or less"
)]
pub struct TooSmall {
    profile: String,
    wanted: u64,
    origin: String,
    room: u64,
}

/// Holds `bytes` for all results against the largest result of each profile. What only the built-in default promises is no
/// reason to refuse whoever sets the memory alone: it is a warning, one line each.
///
/// # Errors
/// [`TooSmall`]: a policy asks for results that never fit.
pub fn fits<'a>(bytes: u64, policies: impl Iterator<Item = &'a Policy>) -> Result<Vec<String>, TooSmall> {
    let (mut warnings, room) = (Vec::new(), bytes / MIB);
    for policy in policies.filter(|policy| policy.limits.result_mib > room) {
        let (profile, wanted) = (policy.name.clone(), policy.limits.result_mib);
        if let Some(origin) = policy.chosen("limits.result_mib") {
            return Err(TooSmall { profile, wanted, origin: origin.to_string(), room });
        }
        warnings.push(format!(
            "Profile {profile}: results above {room} MiB will fail, though limits.result_mib is {wanted} by default: that is what \
             the results of all tasks together may take (PALISADE_ANSWER_MEMORY_MIB)"
        ));
    }
    Ok(warnings)
}

#[cfg(test)]
mod tests {
    use palisade_policy::{Given, Policies};

    use super::*;

    fn policies(text: &str) -> Policies {
        Policies::from_text(text, "test.toml", Given::default()).unwrap()
    }

    #[test]
    fn a_result_that_a_policy_promises_fits_or_nothing_starts() {
        let text = "[[match]]\nworkflow_id = \"w\"\nprofile = \"big\"\n[profiles.big.limits]\nresult_mib = 300\n";
        let policies = policies(text);
        assert_eq!(fits(300 * MIB, policies.in_use()), Ok(Vec::new()));
        let error = fits(300 * MIB - 1, policies.in_use()).unwrap_err().to_string();
        for part in [
            "profile big: limits.result_mib = 300 (test.toml:5) is more than the 299 MiB",
            "set PALISADE_ANSWER_MEMORY_MIB to 300 or more, or limits.result_mib to 299 or less",
        ] {
            assert!(error.contains(part), "{error}");
        }
        assert!(!error.contains('\n'));
    }

    #[test]
    fn who_only_sets_the_memory_is_warned() {
        let policies = policies("");
        assert_eq!(fits(256 * MIB, policies.in_use()), Ok(Vec::new()));
        let warnings = fits(48 * MIB, policies.in_use()).unwrap();
        assert_eq!(warnings.len(), 1);
        assert!(warnings[0].starts_with("Profile default: results above 48 MiB will fail"), "{warnings:?}");
    }
}
