-- A client that waited for a run is gone. Where it was the last one, and nobody has the run yet, it is claimed for the caller.
-- KEYS  1 meta
-- ARGV  1 '1': who began it is gone; else a follower, who is counted no more  2 '1': it may be claimed  3 now in ms
-- Returns 'kept': somebody is there for it, or it is over | 'claimed' (the caller must conclude it) | 'forsaken': somebody has it, and nobody waits for it.
local meta = redis.call('HMGET', KEYS[1], 'gen', 'done', 'taken', 'left', 'followers')
if not meta[1] or meta[2] == '1' then return 'kept' end
if ARGV[1] == '1' then
  redis.call('HSET', KEYS[1], 'left', '1')
elseif not meta[4] then
  return 'kept'
end
if tonumber(meta[5] or '0') > 0 then return 'kept' end
if meta[3] == '1' or ARGV[2] ~= '1' then return 'forsaken' end
redis.call('HSETNX', KEYS[1], 'stop', 'stopped')
redis.call('HSET', KEYS[1], 'taken', '1', 'beat', ARGV[3])
return 'claimed'
