-- Asks a run to stop; claims it for the caller where no worker has taken it yet.
-- KEYS  1 meta
-- ARGV  1 stop code  2 now in ms
-- Returns 'gone' | 'done' | 'claimed' (the caller must conclude it) | 'told' (its worker sees it).
if redis.call('EXISTS', KEYS[1]) == 0 then return 'gone' end
local meta = redis.call('HMGET', KEYS[1], 'done', 'taken')
if meta[1] == '1' then return 'done' end
redis.call('HSETNX', KEYS[1], 'stop', ARGV[1])
if meta[2] == '1' then return 'told' end
redis.call('HSET', KEYS[1], 'taken', '1', 'beat', ARGV[2])
return 'claimed'
