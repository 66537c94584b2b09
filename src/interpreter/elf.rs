//! What a program's header says about how it is started.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Read, Seek};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use object::Endianness;
use object::elf::{FileHeader64, PN_XNUM, PT_INTERP};
use object::read::ReadCache;
use object::read::elf::{FileHeader, ProgramHeader};

/// The kernel refuses a longer one.
const MAX_LOADER_PATH: u64 = 4096;

/// What a file is, as far as starting it goes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Program {
    /// Begins with `#!`: some other program runs it.
    Script,
    /// An ELF file, with the dynamic loader it asks for unless it is linked statically.
    Elf(Option<PathBuf>),
    /// Neither; other systems have other formats.
    Other,
}

/// Reads as much of `path` as the question needs.
pub(crate) fn program(path: &Path) -> io::Result<Program> {
    // Opening a pipe for reading would wait for a writer.
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"));
    }
    let mut file = File::open(path)?;
    let mut magic = Vec::new();
    file.by_ref().take(5).read_to_end(&mut magic)?;
    file.rewind()?;
    match magic.as_slice() {
        [b'#', b'!', ..] => Ok(Program::Script),
        [0x7f, b'E', b'L', b'F', 2] => dynamic_loader(file).map(Program::Elf),
        [0x7f, b'E', b'L', b'F', _] => Err(invalid("not a 64-bit program")),
        _ => Ok(Program::Other),
    }
}

/// The content of PT_INTERP. Sizes are checked before anything is read by them.
fn dynamic_loader(file: File) -> io::Result<Option<PathBuf>> {
    let cache = ReadCache::new(file);
    let header = FileHeader64::<Endianness>::parse(&cache).map_err(|error| invalid(&error.to_string()))?;
    let endian = header.endian().map_err(|error| invalid(&error.to_string()))?;
    if header.e_phnum.get(endian) == PN_XNUM {
        return Err(invalid("more program headers than a program may have"));
    }
    let segments = header.program_headers(endian, &cache).map_err(|error| invalid(&error.to_string()))?;
    let Some(segment) = segments.iter().find(|segment| segment.p_type(endian) == PT_INTERP) else {
        return Ok(None);
    };
    if segment.p_filesz.get(endian) > MAX_LOADER_PATH {
        return Err(invalid("the path of the dynamic loader is too long"));
    }
    let loader = segment.interpreter(endian, &cache).map_err(|error| invalid(&error.to_string()))?;
    match loader.map(|bytes| PathBuf::from(OsStr::from_bytes(bytes))) {
        Some(path) if path.is_absolute() => Ok(Some(path)),
        Some(_) => Err(invalid("the path of the dynamic loader is not absolute")),
        None => Ok(None),
    }
}

fn invalid(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_test_is_a_program_whose_loader_exists() {
        let own = std::env::current_exe().unwrap();
        match program(&own).unwrap() {
            Program::Elf(Some(loader)) => assert!(loader.exists(), "{loader:?}"),
            Program::Elf(None) | Program::Other => eprintln!("SKIPPED: this test is linked statically or not ELF"),
            Program::Script => panic!("a script"),
        }
    }

    #[test]
    fn scripts_and_other_files_are_told_apart() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x");
        for (bytes, expected) in
            [(&b"#!/bin/sh\n"[..], Program::Script), (b"\xcf\xfa\xed\xfe", Program::Other), (b"", Program::Other)]
        {
            fs::write(&path, bytes).unwrap();
            assert_eq!(program(&path).unwrap(), expected);
        }
        assert!(program(dir.path()).is_err(), "a folder");
    }

    #[test]
    fn broken_headers_are_errors_whatever_they_claim() {
        let own = fs::read(std::env::current_exe().unwrap()).unwrap();
        if !own.starts_with(b"\x7fELF") {
            return eprintln!("SKIPPED: not an ELF system");
        }
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x");
        for length in [5, 16, 63] {
            fs::write(&path, &own[..length]).unwrap();
            assert!(program(&path).is_err(), "cut to {length} bytes");
        }
        // Every byte of the header and of the first program headers, at both extremes: an answer or an error.
        for at in 5..300 {
            for value in [0, 0x80, 0xff] {
                let mut bytes = own[..4096].to_vec();
                bytes[at] = value;
                fs::write(&path, &bytes).unwrap();
                let _ = program(&path);
            }
        }
        let mut narrow = own[..4096].to_vec();
        narrow[4] = 1;
        fs::write(&path, narrow).unwrap();
        assert!(program(&path).unwrap_err().to_string().contains("64-bit"));
    }
}
