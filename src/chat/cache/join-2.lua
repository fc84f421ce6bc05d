-- Finds the stored answer, or makes the caller the one who produces it, or names who does.
-- KEYS  1 answer  2 flight
-- ARGV  1 run id  2 longest flight in ms
-- Returns {'answer', text} | {'lead'} | {'follow', run id of the leader} | {'alone'}: the last one's answer can't be shared.
local answer = redis.call('GET', KEYS[1])
if answer then return {'answer', answer} end
if redis.call('SET', KEYS[2], ARGV[1], 'NX', 'PX', ARGV[2]) then return {'lead'} end
local leader = redis.call('GET', KEYS[2])
if leader == '' then return {'alone'} end
return {'follow', leader}
