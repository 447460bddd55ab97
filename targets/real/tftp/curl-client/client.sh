# Does what one line of its input asks: client.sh HOST PORT
# Without --max-time it gives up only after minutes.
read -r verb name mode blksize
set -- "tftp://$1:$2/$name;mode=$mode"
[ -z "$blksize" ] || set -- --tftp-blksize "$blksize" "$@"
case $verb in
    get) exec curl --silent --show-error --max-time 60 --output "$name" "$@" ;;
    put) exec curl --silent --show-error --max-time 60 --upload-file "$name" "$@" ;;
esac
