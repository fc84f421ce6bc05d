-- Gives a run to a new generation, and shows what the older ones wrote. From here on their writes are refused.
-- KEYS  1 meta  2 log
-- ARGV  1 new generation  2 now in ms
-- Returns {'gone'} | {'done'} | {'older'} | {'ok', plan, stop code or false, entries}.
local meta = redis.call('HMGET', KEYS[1], 'done', 'gen', 'stop', 'plan')
if not meta[2] then return {'gone'} end
if meta[1] == '1' then return {'done'} end
if tonumber(ARGV[1]) <= tonumber(meta[2]) then return {'older'} end
redis.call('HSET', KEYS[1], 'gen', ARGV[1], 'taken', '1', 'beat', ARGV[2])
return {'ok', meta[4], meta[3], redis.call('LRANGE', KEYS[2], 0, -1)}
