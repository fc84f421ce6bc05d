-- Gives a run to its first taker; a later one must raise the generation first.
-- KEYS  1 meta  2 log  3 plan
-- ARGV  1 now in ms
-- Returns {'gone'} | {'done'} | {'taken'} | {'ok', generation, plan or false, stop code or false}.
if redis.call('EXISTS', KEYS[1]) == 0 then return {'gone'} end
local meta = redis.call('HMGET', KEYS[1], 'done', 'taken', 'gen', 'stop')
if meta[1] == '1' then return {'done'} end
if meta[2] == '1' then return {'taken'} end
redis.call('HSET', KEYS[1], 'taken', '1', 'beat', ARGV[1])
return {'ok', meta[3], redis.call('GET', KEYS[3]), meta[4]}
