//! The profiles that are built in.

use super::*;

// What n8n's own runner refuses, as its users' policies know it: a shipped list that lacks one is a hole.
const N8N_NAMES: &str = "__loader__ __builtins__ __globals__ __spec__ __name__ __n8n_internal_safe_format__";
const N8N_ATTRIBUTES: &str = "__subclasses__ __globals__ __builtins__ __traceback__ tb_frame tb_next f_back f_globals f_locals \
    f_code f_builtins __getattribute__ __qualname__ __module__ gi_frame gi_code gi_yieldfrom cr_frame \
    cr_code ag_frame ag_code obj __thisclass__ __self_class__ __objclass__ __reduce__ __reduce_ex__ \
    __prepare__ __instancecheck__ __subclasscheck__ __match_args__ __base__ __class__ __bases__ __code__ \
    __closure__ __loader__ __cached__ __dict__ __import__ __mro__ __init_subclass__ __getattr__ \
    __setattr__ __delattr__ __self__ __func__ __wrapped__ __annotations__ __spec__";
const N8N_FORMAT_METHODS: &str = "format format_map vformat get_field";
const N8N_BUILTINS: &str = "eval exec compile open input breakpoint getattr object type vars setattr delattr hasattr dir \
    memoryview __build_class__ globals locals license help credits copyright";

fn built_in(name: &str, given: Given) -> Result<Policies, PolicyError> {
    Policies::load(Some(std::path::Path::new(name)), given)
}

#[test]
fn the_default_is_whole() {
    let policy = Policy::load(Allow::none(), Allow::none(), None).unwrap();
    assert_eq!(policy.abilities, Abilities::default());
    assert_eq!(policy.builtins_deny.iter().cloned().collect::<HashSet<_>>(), words(N8N_BUILTINS));
    let rules = policy.rules();
    assert_eq!(rules.blocked_names, words(N8N_NAMES));
    assert_eq!(rules.blocked_attributes, words(N8N_ATTRIBUTES));
    assert_eq!(rules.format_methods, words(N8N_FORMAT_METHODS));
    assert_eq!(policy.layers.landlock, LayerMode::Required);
    assert!(policy.preload.iter().any(|name| name == "tokenize"));
    assert!(policy.warnings.is_empty());
    for key in keys() {
        let origin = policy.values.get(key.path).map(|set| set.origin.to_string()).unwrap();
        assert!(origin.starts_with("built-in default.toml:"), "{}: {origin}", key.path);
    }
}

#[test]
fn every_built_in_profile_can_be_used_and_keeps_its_promise() {
    for (name, _) in BUILT_IN {
        let policies = built_in(name, nothing()).unwrap();
        assert_eq!(policies.default_profile().name, name);
        assert!(policies.warnings().is_empty(), "{:?}", policies.warnings());
    }
    let strict = built_in("strict", stdlib("json,re")).unwrap();
    assert_eq!(strict.default_profile().abilities, Abilities::default());
    assert_eq!(strict.default_profile().limits.memory_mib, 256);
    let science = built_in("data-science", nothing()).unwrap();
    assert_eq!(science.default_profile().abilities, Abilities { threads: true, ..Abilities::default() });
    assert!(science.default_profile().external.permits("numpy"));
    let network = built_in("network", stdlib("json")).unwrap();
    let network = network.default_profile();
    assert_eq!((network.abilities.tcp, network.abilities.dns, network.abilities.files), (true, true, false));
    assert_eq!(network.connect_tcp, [80, 443]);
    assert!(network.stdlib.permits("json") && network.stdlib.permits("ssl"));
}

#[test]
fn strict_refuses_what_it_names_whoever_allows_it() {
    for list in ["*", "pickle", "os,json", "threading", "asyncio", "ctypes"] {
        let text = problems_of(built_in("strict", stdlib(list)));
        assert!(text.contains("environment N8N_RUNNERS_STDLIB_ALLOW: modules.stdlib allows"), "{list}: {text}");
        assert!(text.contains("built-in strict.toml:"), "{list}: {text}");
    }
    let external = nothing().external(Allow::All, Origin::environment("N8N_RUNNERS_EXTERNAL_ALLOW"));
    assert!(built_in("strict", external).is_err());
    assert!(built_in("data-science", stdlib("*")).is_ok(), "only strict refuses it");
}

#[test]
fn a_module_is_explained_by_the_list_that_allows_it() {
    let policy = built_in("data-science", stdlib("asyncio")).unwrap().default_profile().clone();
    let facts = |module: &str| policy.explain_module(module).join("\n");
    assert!(facts("numpy").contains("allowed by \"numpy\" at built-in data-science.toml:"), "{}", facts("numpy"));
    let text = facts("asyncio.events");
    assert!(text.contains("environment N8N_RUNNERS_STDLIB_ALLOW") && text.contains("threads, event_loop"), "{text}");
    assert!(facts("os").contains("not allowed: modules.stdlib"), "{}", facts("os"));
    let strict = built_in("strict", nothing()).unwrap();
    assert!(strict.default_profile().explain_module("pickle").join("\n").contains("no list may allow it"));
}

#[test]
fn what_makes_the_language_layer_void_is_said_and_refused_by_strict() {
    let void = |list: &str| built_in("default", stdlib(list)).unwrap().default_profile().language_layer_void();
    assert_eq!(void("json,re,sys,io,inspect,logging,types"), [""; 0]);
    assert_eq!(void("*"), ["modules.stdlib allows every module"]);
    let policies = built_in("default", stdlib("json,pickle,gc")).unwrap();
    let warning = policies.warnings().join("\n");
    assert!(warning.contains("the language layer is void, and only the kernel's layers hold: "), "{warning}");
    assert!(warning.contains("modules.stdlib allows pickle: unpickling calls what the data names"), "{warning}");
    assert!(warning.contains("modules.stdlib allows gc: "), "{warning}");
    let default = built_in("default", nothing()).unwrap();
    for module in default.default_profile().interpreter.without_facade.names() {
        // A part of a package is not handed out.
        if !module.contains('.') {
            let text = problems_of(built_in("strict", stdlib(&module)));
            assert!(text.contains(&format!("modules.stdlib allows {module:?}")), "{module}: {text}");
        }
    }
}
