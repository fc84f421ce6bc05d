-- Ends the flight of its leader; anybody else's stays.
-- KEYS  1 flight
-- ARGV  1 run id  2 ms for which nobody leads or follows: what it answered can't be shared, nor would the next one's be; 0: the next one leads
-- Returns 1 where it was ended.
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
if ARGV[2] == '0' then return redis.call('DEL', KEYS[1]) end
redis.call('SET', KEYS[1], '', 'PX', ARGV[2])
return 1
