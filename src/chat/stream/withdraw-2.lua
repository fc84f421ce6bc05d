-- Rewrites entries of a run's log, whoever has the run and also after its end: words that a person found must not stay.
-- No seq and no length changes, and nobody is told: followers that come later find the log as it is from here on.
-- KEYS  1 meta  2 log
-- ARGV  1… triples: index of an entry, what it was, what it becomes
-- Returns 1, or 0 where an entry is not what it was: then nothing was changed.
for at = 1, #ARGV, 3 do
  if redis.call('LINDEX', KEYS[2], ARGV[at]) ~= ARGV[at + 1] then return 0 end
end
for at = 1, #ARGV, 3 do redis.call('LSET', KEYS[2], ARGV[at], ARGV[at + 2]) end
return 1
