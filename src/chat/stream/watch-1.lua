-- Counts a follower that did not begin the run, and has the news of its log told to the run's own channel.
-- KEYS  1 meta
-- ARGV  1 '1' it comes, '-1' it goes  2 ttl in s
-- Returns 1 where the run is known.
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
redis.call('HINCRBY', KEYS[1], 'followers', ARGV[1])
if ARGV[1] == '1' then
  redis.call('HSET', KEYS[1], 'watched', '1')
  redis.call('EXPIRE', KEYS[1], ARGV[2])
end
return 1
