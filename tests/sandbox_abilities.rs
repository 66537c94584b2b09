//! What the abilities beyond computing are for works in a sealed child, and nothing that looks like it.

#![cfg(all(target_os = "linux", not(feature = "unsealed")))]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests are tests, too")]

mod common {
    pub(crate) mod engine;
    pub(crate) mod sandbox;
}

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use common::engine;
use common::sandbox::everyone::as_everyone;
use common::sandbox::runner::{Runner, Setup};
use common::sandbox::{User, interpreter};
use palisade_sandbox::plan::Calls;
use serde_json::{Value, json};

/// What programs do with an event loop, through the whole runner.
#[tokio::test]
async fn event_loops_run_where_asyncio_is_allowed() {
    const CODE: &str = r"
import asyncio, time

async def main():
    await asyncio.sleep(0.01)
    gathered = await asyncio.gather(*(later(n) for n in range(5)))
    threaded = await asyncio.to_thread(lambda: time.sleep(0.01) or 'thread')
    queue = asyncio.Queue(maxsize=2)
    async def produce():
        for n in range(20):
            await queue.put(n)
        await queue.put(None)
    async def consume():
        got = []
        while (n := await queue.get()) is not None:
            got.append(n)
        return got
    async with asyncio.TaskGroup() as group:
        group.create_task(produce())
        consumer = group.create_task(consume())
    try:
        await asyncio.wait_for(asyncio.sleep(60), 0.01)
    except TimeoutError:
        timed_out = True
    soon = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().call_soon_threadsafe(soon.set_result, 'woken')
    return [gathered, threaded, sum(consumer.result()), timed_out, await soon]

async def later(n):
    await asyncio.sleep(0.001 * n)
    return n

first = asyncio.run(main())
second = asyncio.run(main(), debug=True)
return [{'json': {'same': first == second, 'got': first}}]
";
    for user in User::all() {
        for setup in [Setup::new(user).stdlib("asyncio,time"), Setup::new(user).everything()] {
            let runner = Runner::start(setup.unjudged()).await;
            let want = json!([{"json": {"same": true, "got": [[0, 1, 2, 3, 4], "thread", 190, true, "woken"]}}]);
            assert_eq!(runner.task(CODE, &json!([])).await, Ok(want), "{user:?}");
        }
    }
}

/// What a policy lists for reading can be read by a task, and nothing else, and nothing but read.
#[tokio::test]
async fn listed_files_can_be_read_and_nothing_else() {
    as_everyone("listed_files_can_be_read_and_nothing_else", Box::pin(listed())).await;
}

async fn listed() {
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::create_dir(at("listed")).unwrap();
    for name in ["listed/file", "other"] {
        fs::write(at(name), name).unwrap();
        fs::set_permissions(at(name), fs::Permissions::from_mode(0o666)).unwrap();
    }
    fs::set_permissions(at("listed"), fs::Permissions::from_mode(0o777)).unwrap();
    let listed = at("listed");
    let mut setup = engine::Setup::allowing("os,errno", "");
    setup.config.builtins_deny = Some(Vec::new());
    setup.interpreter = Some(interpreter::found(Some(interpreter::path())));
    setup.judge = false;
    setup.replan = Box::new(move |planned| {
        planned.recipe.seal.calls = Calls { files: true, ..Calls::strict() };
        // The jail is widened by itself.
        planned.recipe.seal.files.read.push(listed.clone());
    });
    let harness = setup.start().await;
    for (attempt, want) in [
        ("open(f'{place}/listed/file').read()", json!("listed/file")),
        ("os.listdir(f'{place}/listed')", json!(["file"])),
        ("open(f'{place}/other').read()", json!("EACCES")),
        ("open(f'{place}/listed/../other').read()", json!("EACCES")),
        ("os.listdir(place)", json!("EACCES")),
        ("os.open(f'{place}/listed/file', os.O_PATH)", json!("EPERM")),
        ("os.open(f'{place}/other', os.O_PATH)", json!("EPERM")),
        ("open(f'{place}/listed/file', 'a')", json!("EPERM")),
        ("open(f'{place}/listed/file', 'r+')", json!("EPERM")),
        ("os.open(f'{place}/listed/file', os.O_RDONLY | os.O_TRUNC)", json!("EPERM")),
        ("open(f'{place}/listed/new', 'x')", json!("EPERM")),
        ("os.unlink(f'{place}/listed/file')", json!("EPERM")),
        ("os.chmod(f'{place}/listed/file', 0o777)", json!("EPERM")),
        ("open('/etc/passwd')", json!("EACCES")),
    ] {
        let code = format!(
            "import errno, os\nplace = '{}'\ntry:\n    got = {attempt}\nexcept OSError as error:\n    got = errno.errorcode[error.errno]\nreturn [{{'json': {{'got': got}}}}]",
            folder.path().display()
        );
        let got: Value = harness.result(&code).await[0]["json"]["got"].clone();
        assert_eq!(got, want, "{attempt}");
    }
    assert_eq!(fs::read(at("listed/file")).unwrap(), b"listed/file");
    harness.stop().await;
}
