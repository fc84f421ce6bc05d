-- Stores an answer within the tenant's bounds; those that end first go first. Other answers' keys are made of the
-- index's members: all keys of a tenant share one cluster slot.
-- KEYS  1 answer  2 index: keys of answers by their end in ms  3 sizes: bytes by key, their sum under '+'
-- ARGV  1 text  2 life in s  3 now in ms  4 most answers  5 most bytes
-- Returns how many answers the tenant has.
local function drop(key)
  local size = redis.call('HGET', KEYS[3], key)
  if size then redis.call('HINCRBY', KEYS[3], '+', -size) end
  redis.call('HDEL', KEYS[3], key)
  redis.call('ZREM', KEYS[2], key)
  redis.call('DEL', key)
end
local now, life = tonumber(ARGV[3]), tonumber(ARGV[2])
for _, key in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', now, 'LIMIT', 0, 100)) do drop(key) end
drop(KEYS[1])
redis.call('SET', KEYS[1], ARGV[1], 'EX', life)
redis.call('ZADD', KEYS[2], now + life * 1000, KEYS[1])
redis.call('HSET', KEYS[3], KEYS[1], #ARGV[1])
local bytes = redis.call('HINCRBY', KEYS[3], '+', #ARGV[1])
local count = redis.call('ZCARD', KEYS[2])
while count > 1 and (count > tonumber(ARGV[4]) or bytes > tonumber(ARGV[5])) do
  drop(redis.call('ZRANGE', KEYS[2], 0, 0)[1])
  count = redis.call('ZCARD', KEYS[2])
  bytes = tonumber(redis.call('HGET', KEYS[3], '+'))
end
-- Both outlive the last answer, so that none is forgotten before it ends.
for at = 2, 3 do
  if redis.call('TTL', KEYS[at]) < life + 60 then redis.call('EXPIRE', KEYS[at], life + 60) end
end
return count
