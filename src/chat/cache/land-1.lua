-- Ends the flight of its leader; anybody else's stays.
-- KEYS  1 flight
-- ARGV  1 run id
-- Returns 1 where it was ended.
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])
