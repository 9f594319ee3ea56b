#pragma once

namespace troika {

// Links that one walk follows (the kernel's own limit), and folders that it goes down, of each of
// which it holds a descriptor.
inline constexpr unsigned kMostLinks = 40;
inline constexpr unsigned kMostFolders = 100;

// What openat2(2) opens with RESOLVE_BENEATH and RESOLVE_NO_MAGICLINKS, for where that call is
// refused: one openat for each segment, none of which follows a link; links are read and resolved
// here. Each step begins at a descriptor that was reached from `root` by names alone, so what is
// swapped meanwhile never leads outside. Blocks. `flags` are those of open(2). Returns the
// descriptor, or -errno as openat2 has it; -EAGAIN: the last name became a link meanwhile.
int walk_beneath(int root, const char* path, int flags) noexcept;

}  // namespace troika
