//! From named filters to one BPF program.
//!
//! Two things that seccompiler's own programs cannot do, and nothing else, is done here: several filters with different
//! actions become *one* program (a task has an allow list, a list of calls that trap and one call that is ENOSYS), and the
//! calls are found by binary search, because the kernel's cost to install a filter grows with the length of its paths
//! (243 against 45 µs, docs/design.md). A test compares the verdicts with those of seccompiler's programs, stacked.

use std::collections::{BTreeMap, BTreeSet};

use super::profile::{Action, Condition, NamedFilter, Op, Width};
use super::{Arch, SeccompError};

// Offsets in `struct seccomp_data` (linux/seccomp.h).
const OFFSET_NR: u32 = 0;
const OFFSET_ARCH: u32 = 4;
const OFFSET_ARGS: u32 = 16;

/// Bit that marks x32 calls in the number of an x86_64 call; the same kernel entry with another table.
const X32_SYSCALL_BIT: u32 = 0x4000_0000;

/// Longest program the kernel takes (`BPF_MAXINSNS`).
const MAX_INSTRUCTIONS: usize = 4096;

/// A seccomp program, ready to be installed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program(pub(super) Vec<libc::sock_filter>);

impl Program {
    /// Number of BPF instructions.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Never true for a program that was built.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// What one call gets.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Decision {
    Always(Action),
    /// The first action if all conditions of any alternative hold, else the second.
    ByArguments(Vec<Vec<Condition>>, Action, Action),
}

/// The rules of several filters with the same two actions, as one filter: what any of them lists is listed.
pub(super) fn union(filters: &[&NamedFilter]) -> Result<NamedFilter, SeccompError> {
    let mut all = filters.first().map(|f| (*f).clone()).ok_or_else(|| SeccompError::Profile("no filter".into()))?;
    for filter in &filters[1..] {
        if (filter.match_action, filter.mismatch_action) != (all.match_action, all.mismatch_action) {
            return Err(SeccompError::Profile("filters with different actions cannot be united".into()));
        }
        all.filter.extend(filter.filter.iter().cloned());
    }
    Ok(all)
}

/// One program that decides as the kernel would with all of `filters` installed one after the other. Calls of a foreign
/// architecture, and x32 calls, get `foreign`.
pub(super) fn compile(filters: &[&NamedFilter], arch: Arch, foreign: Action) -> Result<Program, SeccompError> {
    let decisions = decide(filters, arch)?;
    let default = filters.iter().map(|f| f.mismatch_action).reduce(Action::stacked_with).unwrap_or(Action::KillProcess);

    let mut code = vec![load(OFFSET_ARCH), jump(libc::BPF_JEQ, arch.audit_arch(), 1, 0), ret(foreign), load(OFFSET_NR)];
    if arch == Arch::X86_64 {
        code.extend([jump(libc::BPF_JGE, X32_SYSCALL_BIT, 0, 1), ret(foreign)]);
    }
    code.extend(search(&ranges(decisions, default))?);
    if code.len() > MAX_INSTRUCTIONS {
        return Err(SeccompError::TooLong(code.len()));
    }
    Ok(Program(code))
}

/// The stacked decision for every call that any filter names.
fn decide(filters: &[&NamedFilter], arch: Arch) -> Result<BTreeMap<u32, Decision>, SeccompError> {
    let mut named = BTreeSet::new();
    let mut by_call = Vec::new();
    for filter in filters {
        let mut rules: BTreeMap<u32, Vec<Vec<Condition>>> = BTreeMap::new();
        for rule in &filter.filter {
            let number = arch.number(&rule.syscall)?;
            rules.entry(number).or_default().push(rule.args.clone());
            named.insert(number);
        }
        by_call.push(rules);
    }
    let mut decisions = BTreeMap::new();
    for number in named {
        let mut decision = Decision::Always(Action::Allow);
        for (filter, rules) in filters.iter().zip(&by_call) {
            let this = match rules.get(&number) {
                None => Decision::Always(filter.mismatch_action),
                Some(alternatives) if alternatives.iter().any(Vec::is_empty) => Decision::Always(filter.match_action),
                Some(alternatives) => {
                    Decision::ByArguments(alternatives.clone(), filter.match_action, filter.mismatch_action)
                }
            };
            decision = stack(decision, this, number)?;
        }
        decisions.insert(number, decision);
    }
    Ok(decisions)
}

fn stack(earlier: Decision, later: Decision, number: u32) -> Result<Decision, SeccompError> {
    use Decision::{Always, ByArguments};
    Ok(match (earlier, later) {
        (Always(a), Always(b)) => Always(a.stacked_with(b)),
        (Always(a), ByArguments(alternatives, hit, miss)) => {
            ByArguments(alternatives, a.stacked_with(hit), a.stacked_with(miss))
        }
        (ByArguments(alternatives, hit, miss), Always(b)) => {
            ByArguments(alternatives, hit.stacked_with(b), miss.stacked_with(b))
        }
        (ByArguments(..), ByArguments(..)) => return Err(SeccompError::TwiceByArguments(number)),
    })
}

/// The number line cut into runs that are decided alike; the first starts at 0.
fn ranges(decisions: BTreeMap<u32, Decision>, default: Action) -> Vec<(u32, Decision)> {
    let mut runs: Vec<(u32, Decision)> = vec![(0, Decision::Always(default))];
    let mut push = |from: u32, decision: Decision| match runs.last_mut() {
        Some((start, last)) if *start == from => *last = decision,
        Some((_, last)) if *last == decision => {}
        _ => runs.push((from, decision)),
    };
    let mut next = 0;
    for (number, decision) in decisions {
        if number > next {
            push(next, Decision::Always(default));
        }
        push(number, decision);
        next = number + 1;
    }
    push(next, Decision::Always(default));
    runs
}

fn search(runs: &[(u32, Decision)]) -> Result<Vec<libc::sock_filter>, SeccompError> {
    if let [(_, decision)] = runs {
        return judge(decision);
    }
    let (lower, upper) = runs.split_at(runs.len() / 2);
    let (below, above) = (search(lower)?, search(upper)?);
    let mut code = match u8::try_from(below.len()) {
        Ok(len) => vec![jump(libc::BPF_JGE, upper[0].0, len, 0)],
        // A conditional jump reaches 255 instructions, an unconditional one any number.
        Err(_) => vec![
            jump(libc::BPF_JGE, upper[0].0, 0, 1),
            statement(libc::BPF_JMP | libc::BPF_JA, u32::try_from(below.len()).unwrap_or(u32::MAX)),
        ],
    };
    code.extend(below);
    code.extend(above);
    Ok(code)
}

fn judge(decision: &Decision) -> Result<Vec<libc::sock_filter>, SeccompError> {
    match decision {
        Decision::Always(action) => Ok(vec![ret(*action)]),
        Decision::ByArguments(alternatives, hit, miss) => {
            let mut code = Vec::new();
            for conditions in alternatives {
                let mut block: Vec<libc::sock_filter> = vec![ret(*hit)];
                for condition in conditions.iter().rev() {
                    let past = u8::try_from(block.len()).map_err(|_| SeccompError::TooLong(block.len()))?;
                    let mut test = check(condition, past)?;
                    test.extend(block);
                    block = test;
                }
                code.extend(block);
            }
            code.push(ret(*miss));
            Ok(code)
        }
    }
}

/// Falls through where the condition holds, else jumps `past` instructions beyond its own end.
fn check(condition: &Condition, past: u8) -> Result<Vec<libc::sock_filter>, SeccompError> {
    if condition.index > 5 {
        return Err(SeccompError::Profile(format!("a call has no argument {}", condition.index)));
    }
    let low = OFFSET_ARGS + 8 * u32::from(condition.index);
    let (mask, width) = (if let Op::MaskedEq(mask) = condition.op { mask } else { u64::MAX }, condition.width);
    let half = |offset: u32, mask: u32, value: u32, past: u8| {
        let mut code = vec![load(offset)];
        if mask != u32::MAX {
            code.push(statement(libc::BPF_ALU | libc::BPF_AND | libc::BPF_K, mask));
        }
        code.push(jump(libc::BPF_JEQ, value & mask, 0, past));
        code
    };
    let split = |value: u64| ((value >> 32) as u32, (value & 0xffff_ffff) as u32);
    let ((mask_high, mask_low), (value_high, value_low)) = (split(mask), split(condition.val));
    let low_half = half(low, mask_low, value_low, past);
    Ok(match width {
        Width::Dword => low_half,
        Width::Qword => {
            let jump_over = u8::try_from(low_half.len() + usize::from(past))
                .map_err(|_| SeccompError::TooLong(low_half.len() + usize::from(past)))?;
            let mut code = half(low + 4, mask_high, value_high, jump_over);
            code.extend(low_half);
            code
        }
    })
}

// Classic BPF opcodes fit 16 bits; libc declares them as u32.
#[allow(clippy::cast_possible_truncation, reason = "every BPF opcode is below 0x100")]
fn instruction(code: u32, jt: u8, jf: u8, k: u32) -> libc::sock_filter {
    libc::sock_filter { code: code as u16, jt, jf, k }
}

fn statement(code: u32, k: u32) -> libc::sock_filter {
    instruction(code, 0, 0, k)
}

fn load(offset: u32) -> libc::sock_filter {
    statement(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, offset)
}

fn jump(comparison: u32, k: u32, jt: u8, jf: u8) -> libc::sock_filter {
    instruction(libc::BPF_JMP | comparison | libc::BPF_K, jt, jf, k)
}

fn ret(action: Action) -> libc::sock_filter {
    statement(libc::BPF_RET | libc::BPF_K, action.code())
}
