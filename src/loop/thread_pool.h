#pragma once

namespace troika {

class Loop;

// Starts libuv's thread pool, which is one for the process, before any loop has work for it;
// UV_THREADPOOL_SIZE in the environment wins. libuv starts it at its first job, and aborts when it
// gets no thread: so as many threads are tried first. Throws std::system_error, as std::thread
// does.
void start_thread_pool(Loop& loop, unsigned threads);

}  // namespace troika
