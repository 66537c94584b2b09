//! What is taken out of the interpreter: that nothing forbidden can be reached any more, and that Python stays Python.
//!
//! In a plain interpreter with the extension, unsealed: what the kernel holds is tested elsewhere.

#![allow(clippy::expect_used, reason = "helpers of tests are tests, too")]

#[path = "common/inline.rs"]
mod inline;
#[path = "common/packages.rs"]
mod packages;

use std::path::Path;
use std::process::{Command, Output};

use inline::{ROOT, extension, python};
use packages::packages_venv;

/// Modules of the standard library that do no more than compute: a wide list of what people allow.
const COMPUTING: &str = "abc,array,ast,base64,binascii,bisect,calendar,cmath,collections,colorsys,contextlib,copy,csv,\
dataclasses,datetime,decimal,difflib,enum,fractions,functools,graphlib,hashlib,heapq,hmac,html,ipaddress,itertools,json,math,\
numbers,operator,random,re,secrets,statistics,string,struct,textwrap,time,types,typing,unicodedata,urllib,uuid,zlib,zoneinfo";

/// The rest of what can be made safe.
const WIDE: &str = "argparse,asyncio,bz2,codecs,concurrent,configparser,contextvars,email,errno,fnmatch,gettext,glob,gzip,http,\
inspect,io,keyword,linecache,locale,logging,lzma,mimetypes,pathlib,platform,plistlib,pprint,queue,quopri,reprlib,sched,select,\
selectors,shlex,shutil,signal,socket,sqlite3,ssl,stat,stringprep,subprocess,sys,tarfile,tempfile,threading,tomllib,traceback,\
warnings,weakref,xml,zipfile";

fn script(name: &str, arguments: &[&str]) -> Output {
    script_by(&python(), name, arguments)
}

fn script_by(interpreter: &Path, name: &str, arguments: &[&str]) -> Output {
    Command::new(interpreter)
        .arg("-I")
        .arg(Path::new(ROOT).join("tests/python").join(name))
        .arg(extension())
        .arg(Path::new(ROOT).join("policy/default.toml"))
        .args(arguments)
        .output()
        .expect("the interpreter runs")
}

fn texts(output: &Output) -> String {
    let both = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes).into_owned());
    both.concat()
}

fn nothing_is_reached(stdlib: &str) {
    let output = script("crawl.py", &[stdlib]);
    let texts = texts(&output);
    assert!(output.status.success(), "{texts}");
    assert!(texts.contains(" complete, 0 forbidden ones"), "{texts}");
}

#[test]
fn without_modules_nothing_forbidden_can_be_reached() {
    nothing_is_reached("");
}

#[test]
fn with_modules_that_compute_nothing_forbidden_can_be_reached() {
    nothing_is_reached(COMPUTING);
}

/// Takes about half a minute, and more on a busy machine.
#[test]
fn with_all_modules_that_can_be_made_safe_nothing_forbidden_can_be_reached() {
    nothing_is_reached(&format!("{COMPUTING},{WIDE}"));
}

/// The crawl must be able to find something: with the names left in the types, it does at once.
#[test]
fn with_the_names_left_in_their_types_the_crawl_finds_the_way_out() {
    let output = script("crawl.py", &["json,re", "", "--without", "removals"]);
    let texts = texts(&output);
    assert!(!output.status.success(), "{texts}");
    assert!(texts.contains("HIT dictionary of module builtins: "), "{texts}");
    assert!(texts.contains("HIT module builtins: "), "{texts}");
}

/// The areas themselves are right: nothing of them fails without hardening.
#[test]
fn what_people_do_works_in_a_plain_interpreter() {
    let output = script("run_areas.py", &["--plain"]);
    assert!(output.status.success(), "{}", texts(&output));
}

#[test]
fn what_people_do_works_in_a_hardened_interpreter() {
    let output = script("run_areas.py", &[]);
    assert!(output.status.success(), "{}", texts(&output));
    assert!(texts(&output).contains(" areas, 0 failed"), "{}", texts(&output));
}

#[test]
fn numpy_and_pandas_work_in_a_hardened_interpreter() {
    let Some(venv) = packages_venv(&python()) else {
        eprintln!("SKIPPED: numpy and pandas could not be installed here");
        return;
    };
    let output = script_by(&venv.join("bin/python"), "run_areas.py", &["--science"]);
    assert!(output.status.success(), "{}", texts(&output));
}
