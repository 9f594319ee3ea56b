#include "bench/instructions/counted.h"

// The empty statements keep the calls from becoming jumps, after which nothing would be left here.
void troika_counted(void (*work)(void*), void* of) {
  work(of);
  asm volatile("");
}
void troika_uncounted(void (*work)(void*), void* of) {
  work(of);
  asm volatile("");
}
