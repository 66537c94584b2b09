//! The page, the schema and the shipped profiles say the same.

use std::fs;
use std::path::{Path, PathBuf};

use palisade_policy::{BUILT_IN, Kind, keys, schema};
use serde_json::Value;

fn document(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(name)
}

#[test]
fn the_committed_schema_is_the_one_of_this_program() {
    let file = document("policy.schema.json");
    let committed: Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
    assert_eq!(committed, schema(), "run `palisade policy schema > docs/policy.schema.json`");
}

/// Editors hold files against the schema: it must take what the program takes, and refuse what it refuses.
#[test]
fn the_schema_takes_shipped_profiles_and_refuses_what_is_refused() {
    let schema = schema();
    let json = |text: &str| serde_json::to_value(toml::from_str::<toml::Table>(text).unwrap()).unwrap();
    for (name, text) in BUILT_IN {
        assert!(takes(&schema, &schema, &json(text)), "{name}");
    }
    for (text, right) in [
        ("", true),
        ("extends = \"strict\"\n[profiles.a]\nextends = \"strict\"\n[profiles.a.limits]\nprints = 1", true),
        ("[[match]]\nworkflow_id = \"w\"\nprofile = \"a\"", true),
        ("[builtins]\ndeny = { add = [{ name = \"a\", reason = \"b\" }], remove = [\"eval\"] }", true),
        ("[[match]]\nprofile = \"a\"", false),
        ("[[match]]\nworkflow_id = \"w\"", false),
        ("[limits]\nmemory_mb = 5", false),
        ("[limits]\nmemory_mib = 5", false),
        ("[limits]\nprints = \"5\"", false),
        ("[layers]\nseccomp = \"maybe\"", false),
        ("[builtins]\ndeny = [{ name = \"a\" }]", false),
        ("[network]\nconnect_tcp = [{ port = 0, reason = \"x\" }]", false),
        ("[files]\nread = [{ path = \"relative\", reason = \"x\" }]", false),
        ("[profiles.a]\nmatch = []", false),
        ("unknown = 1", false),
    ] {
        assert_eq!(takes(&schema, &schema, &json(text)), right, "{text}");
        let loaded = palisade_policy::Policies::from_text(text, "test.toml", palisade_policy::Given::default());
        let refused = loaded.as_ref().err().map(ToString::to_string).unwrap_or_default();
        // A match of a profile that is not there is beyond what a schema can say.
        let judged = if refused.contains("which there is not") { true } else { loaded.is_ok() };
        assert_eq!(judged, right, "{text}: {refused}");
    }
}

/// The part of JSON Schema that ours is made of. A keyword that is not known here fails the test: the crates that know them all
/// bring forty others.
fn takes(root: &Value, schema: &Value, value: &Value) -> bool {
    let Value::Object(schema) = schema else { return schema == &Value::Bool(true) };
    schema.iter().all(|(keyword, wanted)| match keyword.as_str() {
        "$schema" | "$defs" | "title" | "description" | "default" | "format" => true,
        "$ref" => takes(root, root.pointer(wanted.as_str().unwrap().trim_start_matches('#')).unwrap(), value),
        "type" => match wanted.as_str().unwrap() {
            "object" => value.is_object(),
            "array" => value.is_array(),
            "string" => value.is_string(),
            "boolean" => value.is_boolean(),
            "integer" => value.is_i64() || value.is_u64(),
            other => panic!("type {other}"),
        },
        "properties" => wanted
            .as_object()
            .unwrap()
            .iter()
            .all(|(name, schema)| value.get(name).is_none_or(|value| takes(root, schema, value))),
        "additionalProperties" => {
            let known = |name: &String| schema.get("properties").and_then(|known| known.get(name)).is_some();
            let others = value.as_object().into_iter().flatten().filter(|(name, _)| !known(name));
            others.into_iter().all(|(_, value)| takes(root, wanted, value))
        }
        "required" => wanted.as_array().unwrap().iter().all(|name| value.get(name.as_str().unwrap()).is_some()),
        "minProperties" => value.as_object().is_none_or(|object| object.len() as u64 >= wanted.as_u64().unwrap()),
        "items" => value.as_array().into_iter().flatten().all(|value| takes(root, wanted, value)),
        "oneOf" => wanted.as_array().unwrap().iter().filter(|schema| takes(root, schema, value)).count() == 1,
        "enum" => wanted.as_array().unwrap().contains(value),
        "const" => wanted == value,
        "minimum" => value.as_i64().is_none_or(|number| number >= wanted.as_i64().unwrap()),
        "maximum" => value.as_i64().is_none_or(|number| number <= wanted.as_i64().unwrap()),
        "minLength" => value.as_str().is_none_or(|text| text.chars().count() as u64 >= wanted.as_u64().unwrap()),
        "pattern" if wanted == "^/" => value.as_str().is_none_or(|text| text.starts_with('/')),
        other => panic!("the schema has the keyword {other}"),
    })
}

/// The page has every key with its default, so that it cannot fall behind.
#[test]
fn the_page_names_every_key_with_its_default() {
    let page = fs::read_to_string(document("policy.md")).unwrap();
    let policy =
        palisade_policy::Policy::load(palisade_policy::Allow::none(), palisade_policy::Allow::none(), None).unwrap();
    for key in keys() {
        let row = page.lines().find(|line| line.starts_with(&format!("| `{}` |", key.path)));
        let row = row.unwrap_or_else(|| panic!("docs/policy.md has no row for {}", key.path));
        if !matches!(key.kind, Kind::List(_)) {
            let default = policy.values.get(key.path).unwrap().value.to_toml(None, &|_| String::new());
            assert!(row.contains(&format!("| `{default}` |")), "{row}: the default is {default}");
        }
    }
    for (name, _) in BUILT_IN {
        assert!(page.contains(&format!("`{name}`")), "{name}");
    }
}
