-- wrk counts statuses of its own; this one counts answers that are not what was asked for.
wrong, right = 0, 0
local threads = {}
function setup(thread) table.insert(threads, thread) end
function response(status, headers, body)
  if status == 200 and #body == 1024 then right = right + 1 else wrong = wrong + 1 end
end
function done(summary, latency, requests)
  local good, bad = 0, 0
  for _, thread in ipairs(threads) do
    good, bad = good + thread:get("right"), bad + thread:get("wrong")
  end
  io.write(string.format("right %d wrong %d\n", good, bad))
end
