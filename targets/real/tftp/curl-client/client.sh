# Does what one line of its input asks: client.sh HOST PORT
read -r verb name mode blksize
set -- "tftp://$1:$2/$name;mode=$mode"
[ -z "$blksize" ] || set -- --tftp-blksize "$blksize" "$@"
case $verb in
    get) exec curl --silent --show-error --output "$name" "$@" ;;
    put) exec curl --silent --show-error --upload-file "$name" "$@" ;;
esac
