-- Gives a lock back that is still its holder's; anybody else's stays.
-- KEYS  1 lock
-- ARGV  1 holder
-- Returns 1 where it was given back.
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])
