//! A scratch folder is private, bounded, empty at the start, and nothing in it can be run.

#![cfg(all(target_os = "linux", not(feature = "unsealed")))]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests are tests, too")]

mod common {
    pub(crate) mod engine;
    pub(crate) mod sandbox;
}

use common::engine::{Harness, Setup};
use common::sandbox::everyone::as_everyone;
use common::sandbox::{PALISADE, interpreter};
use nix::unistd::getuid;
use palisade::forkserver::Forkserver;
use palisade::plan::Planned;
use palisade_sandbox::layer::Mode;
use palisade_sandbox::plan::{Calls, Sabotage, Scratch};
use serde_json::{Value, json};

const MODULES: &str = "tempfile,os,errno,ctypes,sqlite3,shutil,mmap,time,csv,zipfile";

const PRELUDE: &str = r"
import ctypes, errno, mmap, os, shutil, sqlite3, tempfile, time, zipfile
libc = ctypes.CDLL(None, use_errno=True)
def tried(attempt):
    try:
        return attempt()
    except OSError as error:
        return errno.errorcode.get(error.errno, str(error))
def write(name, data, mode='wb'):
    with open(name, mode) as file:
        return file.write(data)
def raw(function, *values):
    ctypes.set_errno(0)
    answer = getattr(libc, function)(*values)
    if answer == -1:
        raise OSError(ctypes.get_errno(), 'refused')
    return answer
";

const BYTES: u64 = 4 * 1024 * 1024;
const ENTRIES: u64 = 1500;

fn with_scratch(planned: &mut Planned) {
    planned.recipe.seal.calls = Calls { scratch: true, ..planned.recipe.seal.calls };
    let folders = planned.recipe.jail.slot_uids.map_or(8, |slots| slots.count);
    planned.recipe.seal.scratch = Some(Scratch { bytes: BYTES, entries: ENTRIES, folders, place: "".into() });
}

async fn harness(concurrency: usize, replan: impl Fn(&mut Planned) + 'static) -> Harness {
    let mut setup = Setup::allowing(MODULES, "");
    setup.config.builtins_deny = Some(Vec::new());
    setup.interpreter = Some(interpreter::found(Some(interpreter::path())));
    setup.judge = false;
    setup.concurrency = concurrency;
    setup.replan = Box::new(move |planned| {
        with_scratch(planned);
        replan(planned);
    });
    setup.start().await
}

async fn run(harness: &Harness, body: &str) -> Value {
    let code = format!("{PRELUDE}\nassert os.listdir('.') == [], os.listdir('.')\n{body}");
    harness.result(&code).await[0]["json"]["got"].clone()
}

async fn attempt(harness: &Harness, attempt: &str) -> Value {
    run(harness, &format!("return [{{'json': {{'got': tried(lambda: {attempt})}}}}]")).await
}

#[tokio::test]
async fn files_can_be_made_within_the_bounds() {
    as_everyone("files_can_be_made_within_the_bounds", Box::pin(made())).await;
}

async fn made() {
    let harness = harness(1, |_| {}).await;
    let body = r"
got = []
with tempfile.NamedTemporaryFile('w+') as file:
    file.write('one')
    file.seek(0)
    got += [file.read(), os.path.dirname(file.name) == os.getcwd() == tempfile.gettempdir() == os.environ['HOME']]
with tempfile.TemporaryDirectory() as folder:
    inside = os.path.join(folder, 'a', 'b')
    os.makedirs(inside)
    write(os.path.join(inside, 'two'), b'two')
    os.rename(os.path.join(inside, 'two'), os.path.join(folder, 'three'))
    shutil.copyfile(os.path.join(folder, 'three'), os.path.join(folder, 'four'))
    got.append(open(os.path.join(folder, 'four')).read())
got.append(os.listdir('.'))
database = sqlite3.connect('database')
database.execute('create table t (n)')
database.executemany('insert into t values (?)', [(n,) for n in range(100)])
database.commit()
got.append(database.execute('select sum(n) from t').fetchone()[0])
database.close()
with zipfile.ZipFile('archive.zip', 'w') as archive:
    archive.writestr('x/y', 'z')
with zipfile.ZipFile('archive.zip') as archive:
    archive.extractall('out')
got.append(open('out/x/y').read())
with open('shrunk', 'w+b') as file:
    file.write(b'12345')
    file.truncate(2)
    os.fsync(file.fileno())
    got.append(os.stat('shrunk').st_size)
return [{'json': {'got': got}}]
";
    let want = json!(["one", true, "two", [], 4950, "z", 2]);
    // Twice: what the first has left is not there for the second.
    for _ in 0..2 {
        assert_eq!(run(&harness, body).await, want);
    }
    for (code, want) in [
        // One page more than fits, at once and by a hole.
        (format!("write('big', bytes({BYTES}))"), json!(BYTES)),
        (format!("write('big', bytes({BYTES} + 4096))"), json!("ENOSPC")),
        (
            format!("[write('a', bytes({BYTES} // 2)), tried(lambda: write('b', bytes({BYTES} // 2 + 4096)))]"),
            json!([BYTES / 2, "ENOSPC"]),
        ),
        ("open('hole', 'wb').truncate(1 << 40)".into(), json!("EFBIG")),
        (format!("[write(str(n), b'') for n in range({ENTRIES})][0]"), json!(0)),
        (format!("[write(str(n), b'') for n in range({ENTRIES} + 1)][0]"), json!("ENOSPC")),
        (format!("[os.mkdir(str(n)) for n in range({ENTRIES} + 1)][0]"), json!("ENOSPC")),
    ] {
        assert_eq!(attempt(&harness, &code).await, want, "{code}");
    }
    // Whoever does not catch it is told which limit it was.
    let error = harness.error(&format!("{PRELUDE}\nwrite('big', bytes({BYTES} + 4096))")).await;
    assert_eq!(error["message"], "[Errno 28] No space left on device");
    harness.stop().await;
}

#[tokio::test]
async fn nothing_is_left_for_the_next_task() {
    as_everyone("nothing_is_left_for_the_next_task", Box::pin(left())).await;
}

async fn left() {
    let mut harness = harness(1, |_| {}).await;
    let before = harness.engine.pool().forkserver().unwrap().pid;
    for body in [
        // Deeper than a path can be long.
        "fd = os.open('.', os.O_RDONLY)\nfor n in range(1000):\n    os.mkdir('deep', dir_fd=fd)\n    fd, old = os.open('deep', os.O_RDONLY, dir_fd=fd), fd\n    os.close(old)",
        "for name in [b'\\xff\\xfe', b'new\\nline', b'-rf', b' ', b'...', b'.0', b'.1', b'x' * 255, '\\u202e'.encode()]:\n    os.makedirs(os.path.join(name, b'below', b'.2'))\n    write(os.path.join(name, b'file'), b'x')",
        "for n in range(700):\n    os.mkdir(str(n))\n    write(f'{n}/x', b'x')",
        "write('full', bytes(4 * 1024 * 1024))",
        "write('open', b'x' * 100000)\nkept = open('open')\nmapped = mmap.mmap(kept.fileno(), 0, flags=mmap.MAP_PRIVATE, prot=mmap.PROT_READ)\nos.unlink('open')",
        "write('mark', b'x')\nraw('_exit', 3)",
        "write('mark', b'x')\nraw('execv', b'/bin/true', None)",
    ] {
        let code = format!("{PRELUDE}\nassert os.listdir('.') == []\n{body}\nreturn [{{'json': {{}}}}]");
        let outcome = harness.task(&common::engine::settings(&code, json!({}))).await;
        let dies = body.contains("_exit") || body.contains("execv");
        assert_eq!(outcome.verdict.is_err(), dies, "{body}: {:?}", outcome.verdict);
        // As many as there are folders and more: each of them is met.
        for _ in 0..3 {
            assert_eq!(run(&harness, "return [{'json': {'got': tempfile.mkdtemp() > ''}}]").await, true, "{body}");
        }
    }
    assert_eq!(harness.engine.pool().forkserver().unwrap().pid, before, "no folder was lost");
    let _ = harness.observed();
    harness.stop().await;
    let mounts = std::fs::read_to_string("/proc/self/mountinfo").unwrap();
    assert!(!mounts.contains(" - tmpfs scratch "), "the host sees none of it");
}

#[tokio::test]
async fn nothing_but_ordinary_files_and_folders_and_nothing_that_runs() {
    as_everyone("nothing_but_ordinary_files_and_folders_and_nothing_that_runs", Box::pin(ordinary())).await;
}

async fn ordinary() {
    let harness = harness(1, |_| {}).await;
    for (code, wants) in [
        ("os.symlink('/etc/passwd', 'link')", &["EPERM"][..]),
        ("[write('a', b''), os.link('a', 'b')]", &["EPERM"]),
        ("os.mkfifo('pipe')", &["EPERM"]),
        ("os.mknod('file')", &["EPERM"]),
        ("os.chmod('.', 0o777)", &["EPERM"]),
        ("[write('a', b''), os.chmod('a', 0o777)]", &["EPERM"]),
        ("os.chown('.', 0, 0)", &["EPERM"]),
        ("os.utime('.', (1, 1))", &["EPERM"]),
        ("os.setxattr('.', 'user.mark', b'x')", &["EPERM"]),
        ("os.mkdir('mine', 0o077)", &["EPERM"]),
        ("os.mkdir('mine', 0)", &["EPERM"]),
        ("os.open('.', os.O_RDWR | os.O_TMPFILE, 0o600)", &["EPERM"]),
        ("os.open('.', os.O_PATH)", &["EPERM"]),
        ("os.chdir('..')", &["EPERM"]),
        ("os.listdir('..')", &["EACCES"]),
        ("os.listdir('/')", &["EACCES"]),
        ("os.open('../mine', os.O_WRONLY | os.O_CREAT)", &["EACCES", "EROFS"]),
        ("os.mkdir('../mine')", &["EACCES", "EROFS"]),
        ("os.rename('.', '../mine')", &["EBUSY", "EACCES", "EXDEV", "EROFS"]),
        ("[write('a', b''), os.rename('a', '/tmp/a')]", &["EXDEV", "EACCES", "EROFS"]),
        ("os.open('/etc/passwd', os.O_RDONLY)", &["EACCES"]),
        ("os.open('/var/tmp/mine', os.O_WRONLY | os.O_CREAT)", &["EACCES", "EROFS"]),
        ("os.open('/dev/shm/mine', os.O_WRONLY | os.O_CREAT)", &["EACCES", "ENOENT"]),
        ("os.open('/proc/self/mem', os.O_RDWR)", &["EACCES"]),
        ("os.truncate('/etc/passwd', 0)", &["EPERM"]),
        (
            "[write('a', b'x' * 4096), mmap.mmap(os.open('a', os.O_RDWR), 4096, flags=mmap.MAP_PRIVATE, prot=5)]",
            &["EPERM"],
        ),
        (
            "[write('a', b'x' * 4096), mmap.mmap(os.open('a', os.O_RDWR), 4096, flags=mmap.MAP_SHARED, prot=3)]",
            &["EPERM"],
        ),
        ("[write('a', b''), raw('renameat2', -100, b'a', -100, b'b', 4)]", &["EPERM"]),
        ("[write('a', b''), write('b', b''), raw('renameat2', -100, b'a', -100, b'b', 2)]", &["EPERM"]),
    ] {
        let got = attempt(&harness, code).await;
        assert!(wants.iter().any(|want| got == *want), "{code}: {got}");
    }
    // A program in the folder is not run, by any route.
    let error =
        harness.error(&format!("{PRELUDE}\nwrite('program', b'#!/bin/true')\nos.execv('program', ['program'])")).await;
    assert!(error["message"].as_str().unwrap().contains("system call the sandbox forbids: execve"), "{error:?}");
    harness.stop().await;
}

#[tokio::test]
async fn a_siblings_folder_is_out_of_reach() {
    as_everyone("a_siblings_folder_is_out_of_reach", Box::pin(apart())).await;
}

async fn apart() {
    let harness = harness(2, |_| {}).await;
    let sleeps = format!(
        "{PRELUDE}\nwrite('secret', b'x')\ntime.sleep(5)\nreturn [{{'json': {{'got': [os.getcwd(), os.listdir('.')]}}}}]"
    );
    let looks = format!(
        "{PRELUDE}
time.sleep(1)
place = os.path.dirname(os.getcwd())
got = set()
for n in range(200):
    folder = f'{{place}}/{{n}}'
    if folder != os.getcwd():
        for attempt in (lambda: os.listdir(folder), lambda: open(f'{{folder}}/secret').read(),
                        lambda: write(f'{{folder}}/secret', b'y'), lambda: os.unlink(f'{{folder}}/secret'),
                        lambda: os.rename(f'{{folder}}/secret', 'mine')):
            got.add(str(tried(attempt)))
return [{{'json': {{'got': [os.getcwd(), sorted(got)]}}}}]"
    );
    let (slept, looked) = tokio::join!(harness.result(&sleeps), harness.result(&looks));
    let (slept, looked) = (&slept[0]["json"]["got"], &looked[0]["json"]["got"]);
    assert_ne!(slept[0], looked[0]);
    assert_eq!(slept[1], json!(["secret"]));
    for got in looked[1].as_array().unwrap() {
        assert!(["EACCES", "ENOENT", "EXDEV"].contains(&got.as_str().unwrap()), "{looked}");
    }
    harness.stop().await;
}

#[tokio::test]
async fn a_host_that_gives_no_mounts_is_refused() {
    as_everyone("a_host_that_gives_no_mounts_is_refused", refused()).await;
}

async fn refused() {
    if getuid().is_root() {
        return;
    }
    let setup = Setup::allowing("", "");
    let policy =
        palisade_policy::Policy::load(setup.config.stdlib_allow.clone(), setup.config.external_allow.clone(), None)
            .unwrap();
    let interpreter = interpreter::found(Some(interpreter::path()));
    let mut planned = palisade::plan::plan(&policy, &interpreter, &setup.config, 1).unwrap();
    planned.recipe.jailer = PALISADE.into();
    with_scratch(&mut planned);
    planned.recipe.jail.modes.user_namespace = Mode::Off;
    let refused = Forkserver::start(planned.recipe).await.map(drop).unwrap_err().to_string();
    assert!(
        refused.starts_with("sandbox layer mount_namespace is required, but a scratch folder takes mounts"),
        "{refused}"
    );
}

/// A forkserver that empties nothing stands for folders that cannot be emptied.
#[tokio::test]
async fn a_folder_that_was_not_emptied_is_never_used_again() {
    as_everyone("a_folder_that_was_not_emptied_is_never_used_again", Box::pin(spoiled())).await;
}

async fn spoiled() {
    const FOLDERS: u32 = 8;
    let harness = harness(1, |planned| {
        planned.recipe.seal.sabotage.push(Sabotage::Emptying);
        if let Some(slots) = &mut planned.recipe.jail.slot_uids {
            slots.count = FOLDERS;
        }
        planned.recipe.seal.scratch.as_mut().unwrap().folders = FOLDERS;
    })
    .await;
    let first = harness.engine.pool().forkserver().unwrap().pid;
    for n in 0..2 * FOLDERS {
        assert_eq!(run(&harness, "return [{'json': {'got': write('left', b'x')}}]").await, 1, "task {n}");
    }
    assert_ne!(harness.engine.pool().forkserver().unwrap().pid, first, "one that loses folders is replaced");
    harness.stop().await;
}
