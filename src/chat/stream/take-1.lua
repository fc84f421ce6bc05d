-- Gives a run to its first taker; a later one must raise the generation first.
-- KEYS  1 meta
-- ARGV  1 now in ms
-- Returns {'gone'} | {'done'} | {'taken'} | {'ok', generation, plan, stop code or false}.
local meta = redis.call('HMGET', KEYS[1], 'done', 'taken', 'gen', 'stop', 'plan')
if not meta[3] then return {'gone'} end
if meta[1] == '1' then return {'done'} end
if meta[2] == '1' then return {'taken'} end
redis.call('HSET', KEYS[1], 'taken', '1', 'beat', ARGV[1])
return {'ok', meta[3], meta[5], meta[4]}
