//! The JSON Schema of policy files, for editors: made of the types of [`crate::sections`].

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Value as Json, json};

use crate::builtin;
use crate::sections::{FileForm, SECTIONS, keys};
use crate::value::{Entries, Names, Paths, Ports, Value};

macro_rules! list_schema {
    ($($name:ident)*) => {$(
        impl JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                list(Entries::$name)
            }
        }
    )*};
}

list_schema!(Names Ports Paths);

/// Entries, or what is added to and removed from the ones that are there.
fn list(of: Entries) -> Schema {
    let name = match of {
        Entries::Names => json!({ "type": "string", "minLength": 1 }),
        Entries::Ports => json!({ "type": "integer", "minimum": 1, "maximum": 65535 }),
        Entries::Paths => json!({ "type": "string", "pattern": "^/" }),
    };
    let entry = json!({
        "type": "object",
        "properties": { of.key(): name, "reason": { "type": "string", "minLength": 1, "description": "Why it is there." } },
        "required": [of.key(), "reason"],
        "additionalProperties": false,
    });
    let entries = json!({ "type": "array", "items": entry });
    json_schema!({
        "oneOf": [
            entries,
            {
                "type": "object",
                "properties": { "add": entries, "remove": { "type": "array", "items": name } },
                "additionalProperties": false,
                "description": "What is added to the inherited list, and what is removed from it.",
            },
        ],
    })
}

/// The schema, as it is committed to `docs/policy.schema.json`.
pub fn schema() -> Json {
    let mut schema = SchemaGenerator::default().into_root_schema_for::<FileForm>().to_value();
    // A file says only what differs.
    unrequire(&mut schema);
    let forms = schema.get_mut("$defs").and_then(Json::as_object_mut).into_iter().flatten();
    for (name, form) in forms {
        match name.as_str() {
            "Match" => {
                form["required"] = json!(["profile"]);
                form["minProperties"] = json!(2);
            }
            _ => unrequire(form),
        }
    }
    for key in keys() {
        let (section, name) = key.parts();
        let form = section_form(&schema, section).map(ToOwned::to_owned);
        let property = form.and_then(|form| schema.pointer_mut(&format!("/$defs/{form}/properties/{name}")));
        if let (Some(Json::Object(property)), Some(default)) = (property, default_of(key.path)) {
            property.insert("default".to_owned(), default);
        }
    }
    schema
}

fn unrequire(form: &mut Json) {
    if let Some(form) = form.as_object_mut() {
        form.remove("required");
    }
}

/// The name of a section's form.
fn section_form<'a>(schema: &'a Json, section: &str) -> Option<&'a str> {
    debug_assert!(SECTIONS.contains(&section));
    schema.pointer(&format!("/properties/{section}/$ref"))?.as_str()?.strip_prefix("#/$defs/")
}

/// The default of a key that is no list.
fn default_of(path: &str) -> Option<Json> {
    match builtin::value("default", path)? {
        Value::Flag(flag) => Some(json!(flag)),
        Value::Number(number) => Some(json!(number)),
        Value::Word(word) => Some(json!(word)),
        Value::List(_) => None,
    }
}
