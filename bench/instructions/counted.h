#pragma once
// What callgrind counts: the work given to counted(), but not what is given to uncounted() within
// it. bench/instructions.sh names the two functions with C linkage to valgrind, which switches
// counting over whenever one is entered or left.

extern "C" void troika_counted(void (*work)(void*), void* of);
extern "C" void troika_uncounted(void (*work)(void*), void* of);

namespace troika::instructions {

inline bool counting = false;  // after the warm-up

template <class Work>
void counted(Work work) {
  if (!counting) return work();
  troika_counted([](void* of) { (*static_cast<Work*>(of))(); }, &work);
}

// Only within counted().
template <class Work>
void uncounted(Work work) {
  if (!counting) return work();
  troika_uncounted([](void* of) { (*static_cast<Work*>(of))(); }, &work);
}

}  // namespace troika::instructions
