//! Whether the C library will understand `TZ`. What it does not, it takes for UTC without a word.

use std::path::{Path, PathBuf};

use super::ReadFile;

/// Where C libraries keep their time zones.
const FOLDERS: [&str; 4] = ["/usr/share/zoneinfo", "/share/zoneinfo", "/etc/zoneinfo", "/usr/lib/zoneinfo"];

/// What every zone file begins with.
const MAGIC: &[u8] = b"TZif";

/// What an operator should know about this value, if anything.
pub(super) fn objection(zone: &str, read_file: ReadFile<'_>) -> Option<String> {
    let name = zone.strip_prefix(':').unwrap_or(zone);
    if name.is_empty() || ["UTC", "GMT"].contains(&name) || is_rule(name) {
        return None;
    }
    let is_zone = |path: PathBuf| read_file(&path).is_ok_and(|content| content.starts_with(MAGIC));
    let path = Path::new(name);
    // Tasks cannot read elsewhere.
    let known = if path.is_absolute() {
        FOLDERS.iter().any(|folder| path.starts_with(folder)) && is_zone(path.into())
    } else {
        FOLDERS.iter().any(|folder| is_zone(Path::new(folder).join(path)))
    };
    (!known || name.contains("..")).then(|| {
        "there is no such time zone on this machine, so tasks get UTC. Correct the name, or install the time zone data \
         (package tzdata)"
            .to_owned()
    })
}

/// `CET-1CEST,M3.5.0,M10.5.0/3`: a name, and how far that is from UTC.
fn is_rule(text: &str) -> bool {
    let rest = if let Some(quoted) = text.strip_prefix('<') {
        quoted.split_once('>').map(|(_, rest)| rest)
    } else {
        let rest = text.trim_start_matches(|character: char| character.is_ascii_alphabetic());
        (text.len() - rest.len() >= 3).then_some(rest)
    };
    rest.is_some_and(|rest| {
        rest.trim_start_matches(['+', '-']).starts_with(|character: char| character.is_ascii_digit())
    })
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    fn machine(path: &Path) -> io::Result<Vec<u8>> {
        match path.to_str() {
            Some("/usr/share/zoneinfo/Europe/Berlin" | "/elsewhere/Zone") => Ok(b"TZif2...".to_vec()),
            Some("/usr/share/zoneinfo/tzdata.zi") => Ok(b"# version".to_vec()),
            _ => Err(io::ErrorKind::NotFound.into()),
        }
    }

    #[test]
    fn zones_of_the_machine_and_rules_are_understood() {
        for zone in ["Europe/Berlin", ":Europe/Berlin", "/usr/share/zoneinfo/Europe/Berlin", "UTC", ":UTC", "", "UTC0"]
        {
            assert_eq!(objection(zone, &machine), None, "{zone}");
        }
        for rule in ["CET-1CEST,M3.5.0,M10.5.0/3", "EST5EDT", "<+0330>-3:30", "JST-9"] {
            assert_eq!(objection(rule, &machine), None, "{rule}");
        }
    }

    #[test]
    fn others_would_be_utc_and_are_told() {
        let others = [
            "Europe/Berln",
            "Europe",
            "tzdata.zi",
            "/elsewhere/Zone",
            "../../../elsewhere/Zone",
            "CET",
            "<CET",
            "Bo5",
            "+2",
        ];
        for zone in others {
            assert!(objection(zone, &machine).is_some_and(|text| text.contains("tzdata")), "{zone}");
        }
    }
}
