-- Drops a stored answer and what the books say of it, where it is still the one that was looked at.
-- KEYS  1 answer  2 index  3 sizes, as keep-3 keeps them
-- ARGV  1 the answer's text
-- Returns 1 where it was dropped.
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
local size = redis.call('HGET', KEYS[3], KEYS[1])
if size then redis.call('HINCRBY', KEYS[3], '+', -size) end
redis.call('HDEL', KEYS[3], KEYS[1])
redis.call('ZREM', KEYS[2], KEYS[1])
return redis.call('DEL', KEYS[1])
