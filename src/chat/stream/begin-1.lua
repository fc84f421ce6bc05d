-- Lays a run ready for a worker.
-- KEYS  1 meta
-- ARGV  1 channel of the node that began it  2 plan  3 ttl in s
redis.call('HSET', KEYS[1], 'gen', '1', 'next', '1', 'done', '0', 'home', ARGV[1], 'plan', ARGV[2])
redis.call('EXPIRE', KEYS[1], ARGV[3])
return 1
