-- A worker's sign of life for a run that it holds.
-- KEYS  1 meta
-- ARGV  1 generation  2 now in ms
-- Returns {1, stop code or false}, or {0} when the run is gone or belongs to a newer generation.
if redis.call('HGET', KEYS[1], 'gen') ~= ARGV[1] then return {0} end
redis.call('HSET', KEYS[1], 'beat', ARGV[2])
return {1, redis.call('HGET', KEYS[1], 'stop')}
