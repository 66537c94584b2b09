//! Free memory that lies between what lives for ever. Whoever allocates gets it first, and writes to a page that was shared; so
//! all of it is taken, once, and never given back, and children allocate side by side from pages that nobody has used.
//!
//! The pages that lie wholly within a hole go back to the system.

use std::ffi::c_void;
use std::ptr;
use std::sync::atomic::{AtomicPtr, AtomicUsize, Ordering};

use pyo3::ffi;

/// Sizes up to this many bytes are CPython's own business, one pool for each multiple of [`STEP`].
const LARGEST_SMALL: usize = 512;
const STEP: usize = 16;

/// Holes of all sizes together are far below; where they are not, something is other than it is taken for here.
const MOST_BYTES: usize = 32 << 20;

/// Where the arena begins that CPython asked for last, and its size.
static ARENA: AtomicUsize = AtomicUsize::new(0);
static ARENA_SIZE: AtomicUsize = AtomicUsize::new(0);

/// Who allocates arenas, in a box that is never freed.
static REAL: AtomicPtr<ffi::PyObjectArenaAllocator> = AtomicPtr::new(ptr::null_mut());

/// Fills them. To be called while the process has one thread, and is attached to the interpreter.
pub(crate) fn fill() {
    give_back(&mut fill_pools());
    give_back(&mut fill_heap());
}

/// A piece of memory that was taken: where it begins, and its size in bytes.
type Piece = (usize, usize);

/// Those of CPython's own allocator: until a new arena is begun, and of each size until it comes from that.
fn fill_pools() -> Vec<Piece> {
    let mut real = ffi::PyObjectArenaAllocator { ctx: ptr::null_mut(), alloc: None, free: None };
    // SAFETY: a live structure that is filled.
    unsafe { ffi::PyObject_GetArenaAllocator(&raw mut real) };
    let (Some(_), Some(_)) = (real.alloc, real.free) else { return Vec::new() };
    let mut noting = ffi::PyObjectArenaAllocator { ctx: real.ctx, alloc: Some(note_arena), free: real.free };
    REAL.store(Box::into_raw(Box::new(real)), Ordering::Relaxed);
    // SAFETY: it allocates and frees as the real one does, and is copied.
    unsafe { ffi::PyObject_SetArenaAllocator(&raw mut noting) };
    let mut taken = Vec::new();
    for size in (1..=LARGEST_SMALL / STEP).rev().map(|steps| steps * STEP) {
        if !take_until_fresh(size, &mut taken) {
            break;
        }
    }
    // SAFETY: the one that was there.
    unsafe { ffi::PyObject_SetArenaAllocator(&raw mut real) };
    taken
}

extern "C" fn note_arena(ctx: *mut c_void, size: usize) -> *mut c_void {
    // SAFETY: set before this function was made known, and never freed.
    let real = unsafe { REAL.load(Ordering::Relaxed).as_ref() };
    let Some(alloc) = real.and_then(|real| real.alloc) else { return ptr::null_mut() };
    let arena = alloc(ctx, size);
    ARENA.store(arena as usize, Ordering::Relaxed);
    ARENA_SIZE.store(size, Ordering::Relaxed);
    arena
}

/// False where it does not come to that, as in an interpreter that uses the C library's allocator.
fn take_until_fresh(size: usize, taken: &mut Vec<Piece>) -> bool {
    let before = taken.len();
    while (taken.len() - before) * size < MOST_BYTES {
        // SAFETY: attached to the interpreter. What is allocated is never freed.
        let piece = unsafe { ffi::PyObject_Malloc(size) } as usize;
        let arena = ARENA.load(Ordering::Relaxed);
        if piece == 0 {
            return false;
        }
        if (arena..arena + ARENA_SIZE.load(Ordering::Relaxed)).contains(&piece) {
            // Its pool is empty again, and the next size begins with that one: of the new arena one page was touched, not one
            // for each size, which every child would have to copy.
            // SAFETY: allocated above.
            unsafe { ffi::PyObject_Free(piece as *mut c_void) };
            return true;
        }
        taken.push((piece, size));
    }
    for (piece, _) in taken.drain(before..) {
        // SAFETY: allocated above.
        unsafe { ffi::PyObject_Free(piece as *mut c_void) };
    }
    false
}

/// Those of the C library's heap, below the part of it that was never used.
#[cfg(target_env = "gnu")]
fn fill_heap() -> Vec<Piece> {
    /// Larger ones are mapped, each by itself.
    const LARGEST: usize = 64 << 10;
    /// What the C library keeps in lists of exact sizes.
    const EXACT: usize = 1040;
    // SAFETY: neither takes a pointer. What is left of the heap ends with its last chunk now, but for a part of a page.
    let unused = unsafe {
        libc::malloc_trim(0);
        libc::sbrk(0) as usize
    };
    let mut taken = Vec::new();
    let (mut size, mut bytes) = (LARGEST, 0);
    while size > STEP && bytes < MOST_BYTES {
        // SAFETY: what is allocated is freed here or never.
        unsafe {
            let piece = libc::malloc(size);
            if (piece as usize) < unused && !piece.is_null() {
                let usable = libc::malloc_usable_size(piece);
                taken.push((piece as usize, usable));
                bytes += usable;
                continue;
            }
            libc::free(piece);
        }
        size = if size > EXACT { (size - size / 8).max(EXACT) } else { size - STEP };
    }
    taken
}

/// Other C libraries keep their heap differently.
#[cfg(not(target_env = "gnu"))]
fn fill_heap() -> Vec<Piece> {
    Vec::new()
}

/// Whole pages that lie within pieces side by side: they read as zeros from now on, and nobody reads them.
fn give_back(taken: &mut [Piece]) {
    // SAFETY: takes no pointers.
    let page = usize::try_from(unsafe { libc::sysconf(libc::_SC_PAGESIZE) }).unwrap_or(4096);
    taken.sort_unstable();
    let mut rest = &*taken;
    while let Some((&(start, size), after)) = rest.split_first() {
        let mut end = start + size;
        rest = after;
        while let Some((&(next, size), after)) = rest.split_first()
            && next == end
        {
            end += size;
            rest = after;
        }
        let (first, last) = (start.next_multiple_of(page), end - end % page);
        if first < last {
            // SAFETY: private anonymous memory that was allocated here and that nobody knows of.
            unsafe { libc::madvise(first as *mut c_void, last - first, libc::MADV_DONTNEED) };
        }
    }
}
