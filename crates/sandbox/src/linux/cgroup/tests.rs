use super::*;

const LIMITS: GroupLimits = GroupLimits { memory: 1000, processes: 3 };

/// A folder as the kernel shows a cgroup that was handed to process 7 alone.
fn delegated() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (file, text) in [
        ("cgroup.type", "domain\n"),
        ("cgroup.controllers", "cpu memory pids\n"),
        ("cgroup.procs", "7\n"),
        ("cgroup.subtree_control", ""),
    ] {
        fs::write(folder.path().join(file), text).unwrap();
    }
    folder
}

fn refused(folder: &Path) -> String {
    Groups::below(folder, 7, LIMITS).unwrap_err().found
}

fn text(folder: &Path, file: &str) -> String {
    fs::read_to_string(folder.join(file)).unwrap()
}

/// What the kernel does with the files of a folder that is removed.
fn empty(folder: &Path) {
    for file in fs::read_dir(folder).unwrap() {
        fs::remove_file(file.unwrap().path()).unwrap();
    }
}

#[test]
fn the_runner_moves_to_a_leaf_and_hands_controllers_down() {
    let folder = delegated();
    let base = folder.path();
    let left_behind = base.join("palisade-task-7-12");
    fs::create_dir(&left_behind).unwrap();
    let groups = Groups::below(base, 7, LIMITS).unwrap();
    assert_eq!(groups.folder(), base);
    assert_eq!(text(&base.join(LEAF), "cgroup.procs"), "7");
    assert_eq!(text(base, "cgroup.subtree_control"), "+memory +pids");
    assert!(!left_behind.exists());
    // Once more, from the leaf: another start in the same process, or a service manager that starts it there.
    fs::write(base.join("cgroup.procs"), "").unwrap();
    assert_eq!(Groups::below(&base.join(LEAF), 7, LIMITS).unwrap().folder(), base);
}

#[test]
fn a_child_is_limited_and_its_folder_goes_with_it() {
    let folder = delegated();
    let groups = Groups::below(folder.path(), 7, LIMITS).unwrap();
    let group = groups.hold(99, 24).unwrap();
    let path = group.path.clone();
    for (file, value) in [
        ("memory.max", "1024"),
        ("memory.swap.max", "0"),
        ("memory.oom.group", "1"),
        ("pids.max", "3"),
        ("cgroup.procs", "99"),
    ] {
        assert_eq!(text(&path, file), value, "{file}");
    }
    // Not empty, as a real one whose last process has not ended yet: it is removed at the next opportunity.
    drop(group);
    assert_eq!(text(&path, "cgroup.kill"), "1");
    assert_eq!(*groups.stale(), std::slice::from_ref(&path));
    empty(&path);
    let next = groups.hold(100, 0).unwrap();
    assert!(!path.exists() && groups.stale().is_empty());
    assert_ne!(next.path, path);
}

#[test]
fn a_process_that_cannot_be_limited_is_not_used() {
    let folder = delegated();
    let groups = Groups::below(folder.path(), 7, LIMITS).unwrap();
    let next = || folder.path().join(format!("{TASK}-{}-{}", std::process::id(), groups.made.load(Ordering::Relaxed)));
    // A folder that is there already may have limits that are not ours.
    fs::create_dir(next()).unwrap();
    assert!(groups.hold(99, 0).is_err());
    // Nothing can be made below a base that is gone.
    let base = folder.path().to_path_buf();
    folder.close().unwrap();
    assert!(groups.hold(99, 0).is_err());
    assert!(!base.exists());
}

#[test]
fn what_is_not_ours_is_left_alone() {
    let folder = delegated();
    fs::write(folder.path().join("cgroup.procs"), "7\n8\n").unwrap();
    assert!(refused(folder.path()).contains("such as process 8"));
    fs::write(folder.path().join("cgroup.procs"), "7\n").unwrap();
    fs::write(folder.path().join("cgroup.controllers"), "cpu memory hugepids\n").unwrap();
    assert!(refused(folder.path()).contains("controller pids"));
    fs::remove_file(folder.path().join("cgroup.type")).unwrap();
    assert!(refused(folder.path()).contains("root of all"));
    assert!(!folder.path().join(LEAF).exists());
}

#[test]
fn a_failed_take_over_is_taken_back() {
    let folder = delegated();
    fs::remove_file(folder.path().join("cgroup.subtree_control")).unwrap();
    fs::create_dir(folder.path().join("cgroup.subtree_control")).unwrap();
    assert!(refused(folder.path()).contains("handing controllers down"));
    assert_eq!(text(folder.path(), "cgroup.procs"), "7");
}

#[test]
fn the_own_folder_is_found_below_its_mount() {
    let mount = |root: &str, point: &str, options: &str| {
        format!("31 23 0:28 {root} {point} {options} shared:9 - cgroup2 none rw\n")
    };
    let other = "30 23 0:27 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n";
    let found = |own: &str, mounts: &str| own_folder(own, &format!("{other}{mounts}")).map_err(|refusal| refusal.found);
    let whole = mount("/", "/sys/fs/cgroup", "rw,nosuid");
    assert_eq!(found("0::/a/b\n", &whole).unwrap(), Path::new("/sys/fs/cgroup/a/b"));
    assert_eq!(found("4:memory:/x\n0::/\n", &whole).unwrap(), Path::new("/sys/fs/cgroup"));
    let part = mount("/a", "/my\\040groups", "rw");
    assert_eq!(found("0::/a/b\n", &part).unwrap(), Path::new("/my groups/b"));
    assert!(found("0::/c\n", &part).unwrap_err().contains("no cgroup v2"));
    assert!(found("0::/\n", "").unwrap_err().contains("no cgroup v2"));
    assert!(found("4:memory:/x\n", &whole).unwrap_err().contains("version 1 only"));
    assert!(found("0::/\n", &mount("/", "/sys/fs/cgroup", "nosuid,ro")).unwrap_err().contains("read-only"));
}
