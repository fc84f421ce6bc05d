-- Which of some runs wait.
-- KEYS  1 gate
-- ARGV  run ids
-- Returns those that do.
local waiting = {}
for _, run in ipairs(ARGV) do
  if redis.call('HEXISTS', KEYS[1] .. ':tickets', run) == 1 then waiting[#waiting + 1] = run end
end
return waiting
