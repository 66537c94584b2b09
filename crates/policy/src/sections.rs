//! The sections of a policy file: every key with its type, its bounds and what it is for, in one place. From here come the
//! types the runner works with, the table of keys that files are read by, and the JSON Schema.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use palisade_analyzer::StringRule;
use schemars::JsonSchema;

use crate::value::{Field, Key, Names, Paths, Ports, Values, words};

const MIB: u64 = 1024 * 1024;

/// Most that `limits.print_bytes` can be: the runner reads no longer print from a child.
pub const MOST_PRINT_BYTES: u64 = MIB;

words! {
    /// How much a layer is wanted.
    LayerMode {
        /// Nothing runs without it.
        Required = "required",
        /// Where the host allows it.
        BestEffort = "best-effort",
        /// Not wanted.
        Off = "off",
    }
}

words! {
    /// How string constants are judged.
    Strings {
        /// Blocked names and attributes, as whole texts and inside format fields.
        All = "all",
        /// As `all`, but ordinary words pass as whole texts.
        Dunders = "dunders",
        /// Texts are not judged.
        Off = "off",
    }
}

words! {
    /// How much a task's system calls allow.
    Tier {
        /// The narrowest that the allowed modules can work with.
        Auto = "auto",
        /// Computing, memory and time.
        Strict = "strict",
        /// And threads.
        Threads = "threads",
        /// And reading files: the interpreter's, and those of `files.read`.
        Files = "files",
    }
}

words! {
    /// What becomes of NaN and infinities in a result: JSON has neither.
    NonFinite {
        /// The task fails, and the error says where the number is.
        Error = "error",
        /// They are sent as null.
        Null = "null",
    }
}

impl From<Strings> for StringRule {
    fn from(strings: Strings) -> Self {
        match strings {
            Strings::All => Self::All,
            Strings::Dunders => Self::Dunders,
            Strings::Off => Self::Off,
        }
    }
}

macro_rules! sections {
    ($(
        $(#[doc = $about:literal])*
        $section:ident: $name:ident $(+ $derive:ident)* {
            $( $(#[doc = $doc:literal])* $key:ident: $type:ty $([$least:expr, $most:expr])?, )*
        }
    )*) => {
        $(
            $(#[doc = $about])*
            #[derive(Debug, Clone, PartialEq, Eq, JsonSchema $(, $derive)*)]
            #[schemars(deny_unknown_fields)]
            pub struct $name {
                $( $(#[doc = $doc])* $(#[schemars(range(min = $least, max = $most))])? pub $key: $type, )*
            }

            impl $name {
                fn of(values: &Values) -> Option<Self> {
                    Some(Self { $( $key: values.typed(concat!(stringify!($section), ".", stringify!($key)))?, )* })
                }
            }
        )*

        /// All sections, typed.
        #[derive(Debug, Clone)]
        pub(crate) struct Settings { $( pub(crate) $section: $name, )* }

        impl Settings {
            /// Nothing where a key is missing: that is a mistake in the built-in default.
            pub(crate) fn of(values: &Values) -> Option<Self> {
                Some(Self { $( $section: $name::of(values)?, )* })
            }
        }

        /// One profile: all that differs from what it extends.
        #[derive(JsonSchema)]
        #[schemars(rename = "Profile", deny_unknown_fields)]
        #[expect(dead_code, reason = "only its form is of use")]
        struct ProfileForm {
            /// The profile this one differs from; "default" where it says nothing.
            extends: String,
            $( $section: $name, )*
        }

        /// A policy file of Palisade.
        #[derive(JsonSchema)]
        #[schemars(rename = "Palisade policy", deny_unknown_fields)]
        #[expect(dead_code, reason = "only its form is of use")]
        pub(crate) struct FileForm {
            /// The profile this file differs from; "default" where it says nothing.
            extends: String,
            /// Further profiles, by name.
            profiles: BTreeMap<String, ProfileForm>,
            /// Which tasks get which profile: the first that fits. Tasks that none fits get the default one.
            r#match: Vec<MatchForm>,
            $( $section: $name, )*
        }

        /// Names of the sections, in the order they are shown.
        pub(crate) const SECTIONS: &[&str] = &[$( stringify!($section), )*];

        static KEYS: LazyLock<Vec<Key>> = LazyLock::new(|| vec![$($(
            Key {
                path: concat!(stringify!($section), ".", stringify!($key)),
                doc: concat!($($doc),*).trim().to_owned(),
                kind: <$type as Field>::kind(bounds!($($least, $most)?)),
            },
        )*)*]);
    };
}

macro_rules! bounds {
    () => {
        None
    };
    ($least:expr, $most:expr) => {
        Some(($least, $most))
    };
}

sections! {
    /// What is refused by reading the code, before it runs.
    analyzer: Analyzer {
        /// Whether code is judged at all; its size and nesting are bounded either way.
        enabled: bool,
        /// How string constants are judged.
        strings: Strings,
        /// Whether blocked attributes with two underscores around them are blocked as plain names too.
        dunders_are_names: bool,
        /// Whether `module._private` of an imported module is refused.
        private_module_names: bool,
        /// Names that may be neither read, bound nor deleted.
        blocked_names: Names,
        /// Attributes that may be neither read, written nor deleted.
        blocked_attributes: Names,
        /// Methods that may be called but not taken as values, as a template must be at hand to be checked.
        format_methods: Names,
    }
    /// What is taken out of the interpreter.
    interpreter: Interpreter {
        /// Whether user code gets the import guard and the built-ins without the denied ones, and the keys below are in force;
        /// else it has the real ones.
        guards: bool,
        /// Attributes that are taken away from the interpreter's own types, as `module.type.attribute`.
        removals: Names,
        /// Those of them that stay where a wildcard lets modules be imported by tasks.
        kept_for_late_imports: Names,
        /// Attributes that can be read and no longer written.
        read_only: Names,
        /// Types that cannot be called to make an object.
        closed_constructors: Names,
        /// What the interpreter itself uses, so that it is replaced and not taken away: "type.__subclasses__",
        /// "AttributeError.obj", "mappingproxy.operators".
        replaced: Names,
        /// Attributes that are taken away from every other type that has them.
        foreign: Names,
        /// What no facade of a module shows, by its dotted name and wherever it is found, besides denied built-ins.
        facade_deny: Names,
        /// Modules of which no facade can be made: where one of them is allowed, the language layer is void. A part of a
        /// package that is listed here is not handed out, unless the whole package is listed.
        without_facade: Names,
        /// Audit events of the interpreter that no task can raise unless it got past all that is above, and that end it; one that ends with
        /// a dot or an underscore stands for all that begin with it. Not in force where the language layer is void.
        tripwire: Names,
    }
    /// Built-in functions.
    builtins: Builtins {
        /// Built-ins that user code has not.
        deny: Names,
    }
    /// Modules that are imported ahead.
    preload: Preload {
        /// Imported by every forkserver besides the allowed modules.
        always: Names,
    }
    /// Modules that user code may import, by top-level name; "*" alone for all.
    modules: Modules {
        /// Of the standard library.
        stdlib: Names,
        /// Other packages.
        external: Names,
        /// Modules that no list may allow; "*" refuses the wildcard.
        refuse: Names,
    }
    /// Files of the host.
    files: Files {
        /// Files, and folders with all below them, that tasks may read.
        read: Paths,
    }
    /// A private folder that a task may write to; it is empty at first, and gone afterwards.
    scratch: Scratch + Copy {
        /// Its size; 0 for none.
        size_mib: u64 [0, 1 << 20],
        /// How many files it may hold.
        files: u64 [1, 10_000_000],
    }
    /// What tasks may connect to: a weaker promise than none, as whatever a task has read can leave by it.
    network: Network {
        /// TCP ports, of any address.
        connect_tcp: Ports,
        /// Whether names can be resolved, by UDP to the host's name servers.
        dns: bool,
    }
    /// What each task may use.
    limits: Limits + Copy {
        /// Memory beyond what a sealed child has.
        memory_mib: u64 [16, 1 << 20],
        /// CPU time; 0 derives it from the time limit of tasks.
        cpu_s: u64 [0, 1_000_000_000],
        /// Threads at a time, the first one included, where the tier has threads.
        processes: u32 [1, 4096],
        /// Open files.
        open_files: u64 [4, 65_536],
        /// Stack of the first thread.
        stack_mib: u64 [1, 1024],
        /// JSON of the result.
        result_mib: u64 [1, 4095],
        /// Prints that are sent; more are counted.
        prints: u64 [0, 1_000_000],
        /// Where one print is cut.
        print_bytes: u64 [0, MOST_PRINT_BYTES],
        /// Source text.
        code_bytes: usize [1, 1024 * MIB],
        /// Children of one forkserver before it is replaced.
        tasks_per_forkserver: u64 [1, 1_000_000_000],
        /// Age of a forkserver before it is replaced.
        forkserver_max_age_s: u64 [1, 1_000_000_000],
    }
    /// What tasks return.
    results: Results + Copy {
        /// What becomes of NaN and infinities, which JSON has not: a task error that says where they are, or null.
        non_finite: NonFinite,
    }
    /// System calls.
    syscalls: Syscalls + Copy {
        /// How much they allow.
        tier: Tier,
    }
    /// How much each layer of the sandbox is wanted.
    layers: Layers + Copy {
        /// Which files can be opened, and which ports connected to.
        landlock: LayerMode,
        /// Which system calls can be made.
        seccomp: LayerMode,
        /// Memory, CPU time, files, stack.
        rlimits: LayerMode,
        /// No privilege is gained by executing.
        no_new_privs: LayerMode,
        /// A user namespace, where the others cannot be made without.
        user_namespace: LayerMode,
        /// No process outside is visible.
        pid_namespace: LayerMode,
        /// No network device.
        net_namespace: LayerMode,
        /// No System V or POSIX IPC object of others.
        ipc_namespace: LayerMode,
        /// Mounts of its own.
        mount_namespace: LayerMode,
        /// A user id for each child.
        slot_uids: LayerMode,
        /// A cgroup for each child.
        cgroup: LayerMode,
    }
    /// Combinations that are refused unless the operator says why they are wanted.
    risks: Risks {
        /// Which are accepted: "files-without-landlock", "neither-landlock-nor-seccomp".
        accept: Names,
    }
}

/// Which tasks get a profile: those of which all given names are equal.
#[derive(JsonSchema)]
#[schemars(rename = "Match", deny_unknown_fields)]
#[expect(dead_code, reason = "only its form is of use")]
struct MatchForm {
    /// n8n's id of the workflow.
    workflow_id: String,
    /// The workflow's name: whoever edits the workflow chooses it.
    workflow_name: String,
    /// The node's id: whoever edits the workflow can choose it.
    node_id: String,
    /// The node's name: whoever edits the workflow chooses it.
    node_name: String,
    /// The profile they get.
    profile: String,
}

/// Every key there is, in the order in which they are shown.
pub fn keys() -> &'static [Key] {
    &KEYS
}

/// The key of this path.
pub fn key(path: &str) -> Option<&'static Key> {
    KEYS.iter().find(|key| key.path == path)
}

impl Layers {
    /// The same layers with none of them required.
    #[must_use]
    pub fn nothing_required(mut self) -> Self {
        let Self {
            landlock,
            seccomp,
            rlimits,
            no_new_privs,
            user_namespace,
            pid_namespace,
            net_namespace,
            ipc_namespace,
            mount_namespace,
            slot_uids,
            cgroup,
        } = &mut self;
        let kernel = [landlock, seccomp, rlimits, no_new_privs, slot_uids, cgroup];
        let namespaces = [user_namespace, pid_namespace, net_namespace, ipc_namespace, mount_namespace];
        for mode in kernel.into_iter().chain(namespaces) {
            if *mode == LayerMode::Required {
                *mode = LayerMode::BestEffort;
            }
        }
        self
    }
}
