//! Child processes that cannot outlive this one.
//!
//! Each program leads its own process group. A shell in the group waits until a pipe from this
//! process closes, and then kills the group. So the group ends when this process ends, even by a
//! signal.

use crate::ready::until;
use rustix::param::clock_ticks_per_second;
use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use std::ffi::OsStr;
use std::fs::{self, File};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Once;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

const LEASH: &str = r#"exec 3<&0; { read -r _ <&3; kill -9 0; } & exec "$@" </dev/null 3<&-"#;

/// A running program and all processes that it started.
pub struct Program {
    leader: Child,
    log: PathBuf,
}

impl Program {
    /// Starts a program in `folder`, with its output in a log there.
    pub fn start(
        folder: &Path,
        name: &str,
        command: &[&OsStr],
        variables: &[(String, String)],
    ) -> Self {
        let log = folder.join(format!("{name}.log"));
        let output = File::options()
            .create(true)
            .append(true)
            .open(&log)
            .expect("the log can be written");
        let errors = output.try_clone().expect("the log can be written");
        let leader = Command::new("sh")
            .args(["-c", LEASH, "leash"])
            .args(command)
            .envs(variables.iter().map(|(name, value)| (name, value)))
            .current_dir(folder)
            .stdin(Stdio::piped())
            .stdout(output)
            .stderr(errors)
            .process_group(0)
            .spawn()
            .expect("a shell can be started");
        Self { leader, log }
    }

    /// The program's output so far.
    pub fn output(&self) -> String {
        fs::read(&self.log)
            .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
            .unwrap_or_default()
    }

    /// Whether the program itself still runs.
    pub fn is_running(&self) -> bool {
        is_alive(self.leader.id())
    }

    /// The processes below the program whose command is `name`.
    pub fn named(&self, name: &str) -> Vec<u32> {
        let command =
            |pid: &u32| fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
        descendants(self.leader.id())
            .into_iter()
            .filter(|pid| command(pid).trim() == name)
            .collect()
    }

    /// Kills the tree with SIGKILL: first the processes named `first`, then all others, each by its
    /// id.
    pub fn kill(&mut self, first: &str) {
        let mut victims = self.named(first);
        let others: Vec<u32> = descendants(self.leader.id())
            .into_iter()
            .filter(|pid| !victims.contains(pid))
            .collect();
        victims.extend(others);
        for pid in &victims {
            if let Some(pid) = as_pid(*pid) {
                // The process may have ended already.
                let _ = kill_process(pid, Signal::KILL);
            }
        }
        self.end_group();
        until(
            "the killed processes are gone",
            Duration::from_secs(20),
            || victims.iter().all(|pid| !is_alive(*pid)).then_some(()),
        );
    }

    fn end_group(&mut self) {
        if let Some(group) = as_pid(self.leader.id()) {
            let _ = kill_process_group(group, Signal::KILL);
        }
        let _ = self.leader.wait();
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.end_group();
    }
}

/// A new empty folder below `home`. Folders of earlier processes there are removed.
pub fn new_folder(home: &Path) -> PathBuf {
    static TIDIED: Once = Once::new();
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    TIDIED.call_once(|| remove_old(home));
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let folder = home.join(format!("{}-{number}", std::process::id()));
    fs::create_dir_all(&folder).expect("a folder can be made");
    folder
}

/// Removes the folders of processes that have ended.
fn remove_old(home: &Path) {
    for entry in fs::read_dir(home).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let owner = name
            .to_str()
            .and_then(|name| name.split('-').next())
            .and_then(|pid| pid.parse().ok());
        if !owner.is_some_and(is_alive) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

/// The resident memory of processes, in bytes.
pub fn resident_bytes(pids: &[u32]) -> u64 {
    let of = |pid: &u32| {
        let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kilobytes = line
            .and_then(|line| line.trim().strip_suffix(" kB"))
            .and_then(|number| number.parse().ok());
        kilobytes.unwrap_or(0_u64) * 1024
    };
    pids.iter().map(of).sum()
}

/// The processor time that processes have used so far, in user and system mode.
pub fn processor_time(pids: &[u32]) -> Duration {
    let ticks = |pid: &u32| {
        let fields = after_command(*pid)?;
        let fields: Vec<&str> = fields.split_whitespace().collect();
        let number = |index: usize| fields.get(index)?.parse::<u64>().ok();
        // proc(5): `utime` and `stime` are fields 14 and 15; two fields are already cut off.
        Some(number(11)? + number(12)?)
    };
    let ticks: u64 = pids.iter().filter_map(ticks).sum();
    Duration::from_millis(ticks * 1_000 / clock_ticks_per_second().max(1))
}

/// Every live process below `root`, by the parents named in `/proc`.
fn descendants(root: u32) -> Vec<u32> {
    let parents: Vec<(u32, u32)> = fs::read_dir("/proc")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter_map(|pid| Some((pid, stat(pid).filter(|(state, _)| *state != "Z")?.1)))
        .collect();
    let mut found = vec![root];
    let mut next = 0;
    while next < found.len() {
        let parent = found[next];
        found.extend(
            parents
                .iter()
                .filter(|(_, of)| *of == parent)
                .map(|(pid, _)| *pid),
        );
        next += 1;
    }
    found.split_off(1)
}

fn is_alive(pid: u32) -> bool {
    stat(pid).is_some_and(|(state, _)| state != "Z")
}

/// A process's state and parent.
fn stat(pid: u32) -> Option<(String, u32)> {
    let rest = after_command(pid)?;
    let mut fields = rest.split_whitespace();
    Some((fields.next()?.to_owned(), fields.next()?.parse().ok()?))
}

/// The fields of a process's `/proc/…/stat` after its command, which may itself contain any
/// character.
fn after_command(pid: u32) -> Option<String> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    Some(stat.rsplit_once(')')?.1.to_owned())
}

fn as_pid(pid: u32) -> Option<Pid> {
    Pid::from_raw(i32::try_from(pid).ok()?)
}
