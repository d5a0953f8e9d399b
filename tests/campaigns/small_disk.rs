//! A disk that can be full: a small file system of its own, which only root can make.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A mounted file system; it goes with this value.
pub struct SmallDisk {
    folder: PathBuf,
}

impl SmallDisk {
    /// One of so many MiB; `None`, with a word, where this user can't mount one.
    pub fn mount(mib: usize) -> Option<Self> {
        let folder = std::env::temp_dir().join(format!("meterbook-disk-{}", uuid::Uuid::now_v7().simple()));
        std::fs::create_dir(&folder).unwrap();
        let size = format!("size={mib}m,mode=0755");
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", &size, "meterbook-disk"]).arg(&folder).output();
        if mounted.is_ok_and(|mount| mount.status.success()) {
            return Some(Self { folder });
        }
        println!("skipped: only root can mount a disk that is full");
        std::fs::remove_dir(&folder).unwrap();
        None
    }

    /// Where it is.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// PostgreSQL wants its folders to be its own; it does not run as root.
    pub fn give_to_postgres(&self) {
        let given = ["postgres", "nobody"].into_iter().any(|user| {
            let given = Command::new("chown").arg(user).arg(&self.folder).output();
            given.is_ok_and(|chown| chown.status.success())
        });
        assert!(given);
    }

    /// Takes all that is left, or gives it back.
    pub fn fill(&self, is_full: bool) {
        let ballast = self.folder.join("ballast");
        if !is_full {
            return std::fs::remove_file(ballast).unwrap();
        }
        let mut file = std::fs::File::create(ballast).unwrap();
        for size in [1 << 16, 1 << 12, 1] {
            while file.write_all(&vec![0; size]).is_ok() {}
        }
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        drop(Command::new("umount").arg("-l").arg(&self.folder).output());
        drop(std::fs::remove_dir(&self.folder));
    }
}
