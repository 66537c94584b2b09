//! One profile, whole and checked: what a task of it may do.

use std::path::PathBuf;

use palisade_analyzer::{Limits as AnalyzerLimits, Rules};

use crate::abilities::{Abilities, Need, abilities, list_of, needs};
use crate::allow::Allow;
use crate::combine::Combined;
use crate::given::Given;
use crate::origin::Origin;
use crate::policies::Policies;
use crate::problem::{PolicyError, Problem};
use crate::sections::{Analyzer, Interpreter, Layers, Limits, Modules, Network, NonFinite, Scratch, Settings};
use crate::value::Values;

/// What the tasks of one profile may do.
#[derive(Debug, Clone)]
pub struct Policy {
    /// The profile's name.
    pub name: String,
    /// Standard-library modules that user code may import.
    pub stdlib: Allow,
    /// Packages that user code may import.
    pub external: Allow,
    /// Built-ins that user code has not.
    pub builtins_deny: Vec<String>,
    /// What else is taken out of the interpreter.
    pub interpreter: Interpreter,
    /// Modules every forkserver imports ahead besides the allowed ones.
    pub preload: Vec<String>,
    /// Whether every extension module of the standard library is imported ahead.
    pub preload_all_stdlib: bool,
    /// Files and folders of the host that tasks may read.
    pub files_read: Vec<PathBuf>,
    /// The folder that tasks may write to.
    pub scratch: Scratch,
    /// TCP ports that tasks may connect to.
    pub connect_tcp: Vec<u16>,
    /// What each task may use.
    pub limits: Limits,
    /// What becomes of NaN and infinities in results.
    pub non_finite: NonFinite,
    /// How much each layer is wanted.
    pub layers: Layers,
    /// What tasks are able to do besides computing.
    pub abilities: Abilities,
    /// How code is judged.
    pub analyzer: Analyzer,
    /// Every value as the files have it, and where it was set. What is changed in the fields above is not changed here.
    pub values: Values,
    /// What the operator should know, though nothing is wrong.
    pub warnings: Vec<String>,
    modules: Modules,
    needs: Vec<Need>,
}

impl Policy {
    /// The built-in default profile with n8n's lists; `builtins_deny` replaces the policy's list.
    ///
    /// # Errors
    /// [`PolicyError`], for lists that contradict themselves.
    pub fn load(stdlib: Allow, external: Allow, builtins_deny: Option<Vec<String>>) -> Result<Self, PolicyError> {
        let given = Given::default()
            .stdlib(stdlib, Origin::environment("N8N_RUNNERS_STDLIB_ALLOW"))
            .external(external, Origin::environment("N8N_RUNNERS_EXTERNAL_ALLOW"))
            .builtins_deny(builtins_deny, Origin::environment("N8N_RUNNERS_BUILTINS_DENY"));
        Ok(Policies::load(None, given)?.default_profile().clone())
    }

    /// Makes one of merged values.
    pub(crate) fn new(name: &str, values: Values, given: &Given, problems: &mut Vec<Problem>) -> Option<Self> {
        let Some(settings) = Settings::of(&values) else {
            let what = format!("profile {name:?} lacks a value: the built-in default is not complete");
            problems.push(Problem::nowhere(what, "report this"));
            return None;
        };
        let (before, mut warnings) = (problems.len(), Vec::new());
        let abilities = abilities(&settings, &values, problems, &mut warnings);
        let reads_files = abilities.files || abilities.scratch;
        Combined { settings: &settings, values: &values, given, problems, warnings: &mut warnings }.check(reads_files);
        let needs = needs(&settings, &values);
        let Settings {
            analyzer,
            interpreter,
            builtins,
            preload,
            modules,
            files,
            scratch,
            network,
            limits,
            results,
            layers,
            ..
        } = settings;
        let Network { connect_tcp, .. } = network;
        let (stdlib, external) = (modules.stdlib.allow(), modules.external.allow());
        if problems.len() != before {
            return None;
        }
        let mut policy = Self {
            name: name.to_owned(),
            builtins_deny: builtins.deny.names(),
            interpreter,
            preload: preload.always.names(),
            preload_all_stdlib: stdlib == Allow::All,
            files_read: files.read.paths(),
            scratch,
            connect_tcp: connect_tcp.numbers(),
            limits,
            non_finite: results.non_finite,
            layers,
            abilities,
            analyzer,
            values,
            warnings,
            stdlib,
            external,
            modules,
            needs,
        };
        let void = policy.language_layer_void();
        // That guards are off is said already.
        if policy.interpreter.guards && !void.is_empty() {
            let what = "the language layer is void, and only the kernel's layers hold";
            policy.warnings.push(format!("{what}: {}", void.join("; ")));
        }
        Some(policy)
    }

    /// The analyzer's part of it.
    pub fn rules(&self) -> Rules {
        let set = |names: &crate::Names| names.names().into_iter().collect();
        // Where everything is allowed, the analyzer judges size, nesting and syntax, and nothing else.
        let allow = |allow: &Allow| if self.analyzer.enabled { allow.clone() } else { Allow::All };
        Rules {
            blocked_names: set(&self.analyzer.blocked_names),
            blocked_attributes: set(&self.analyzer.blocked_attributes),
            format_methods: set(&self.analyzer.format_methods),
            stdlib: allow(&self.stdlib).into(),
            external: allow(&self.external).into(),
            strings: self.analyzer.strings.into(),
            dunders_are_names: self.analyzer.dunders_are_names,
            private_module_names: self.analyzer.private_module_names,
            limits: AnalyzerLimits { code_bytes: self.limits.code_bytes, ..AnalyzerLimits::default() },
        }
    }

    /// Why the language layer holds nothing, so that the kernel's layers alone do: one fact each. Empty where it holds.
    pub fn language_layer_void(&self) -> Vec<String> {
        let mut why = Vec::new();
        if !self.interpreter.guards {
            why.push("interpreter.guards is false".to_owned());
        }
        for (path, list) in [("modules.stdlib", &self.stdlib), ("modules.external", &self.external)] {
            match list {
                Allow::All => why.push(format!("{path} allows every module")),
                Allow::Only(names) => {
                    let without = self.interpreter.without_facade.0.iter();
                    let allowed = without.filter(|item| names.contains(&item.name));
                    why.extend(allowed.map(|item| format!("{path} allows {}: {}", item.name, item.reason)));
                }
            }
        }
        why
    }

    /// Why each ability is there, or would be if the tier let it.
    pub fn needs(&self) -> &[Need] {
        &self.needs
    }

    /// Whether user code may import a module, by what, and what that brings with it: one fact a line.
    pub fn explain_module(&self, module: &str) -> Vec<String> {
        let top_level = module.split('.').next().unwrap_or(module);
        let path = list_of(top_level);
        let (list, kind) = match path {
            "modules.stdlib" => (&self.modules.stdlib.0, "a module of the standard library"),
            _ => (&self.modules.external.0, "no module of the standard library"),
        };
        let mut facts = vec![format!("{top_level} is {kind}, so {path} decides")];
        if top_level != module {
            facts.push(format!("{module} goes with {top_level}: only top-level names are compared"));
        }
        match list.iter().find(|item| item.name == top_level || item.name == "*") {
            Some(item) => {
                facts.push(format!("allowed by {:?} at {}: {}", item.name, item.origin, item.reason));
                let needs: Vec<_> = crate::abilities::of_module(&item.name).to_vec();
                match needs.as_slice() {
                    [] => facts.push("it switches on no ability".to_owned()),
                    needs => facts.push(format!("it needs the abilities {}", needs.join(", "))),
                }
                for (ability, _) in self.abilities.named().into_iter().filter(|(name, on)| needs.contains(name) && !on)
                {
                    facts.push(format!("but {ability} is not there: syscalls.tier is narrower"));
                }
            }
            None => facts.push(format!("not allowed: {path} does not have it ({})", self.origin_of(path))),
        }
        for refused in self.modules.refuse.0.iter().filter(|item| item.name == top_level) {
            facts.push(format!("no list may allow it ({}): {}", refused.origin, refused.reason));
        }
        if !self.interpreter.guards {
            facts.push(format!(
                "interpreter.guards is false ({}): no list stops an import",
                self.origin_of("interpreter.guards")
            ));
        }
        facts
    }

    /// Where a value was set, unless it is the one of the built-in default: who said nothing against that meant nothing by it.
    pub fn chosen(&self, path: &str) -> Option<&Origin> {
        let set = self.values.get(path)?;
        (crate::builtin::value("default", path) != Some(&set.value)).then_some(&set.origin)
    }

    fn origin_of(&self, path: &str) -> String {
        self.values.get(path).map_or_else(String::new, |set| set.origin.to_string())
    }
}
