# Does what one line of its input asks: client.sh HOST PORT
read -r verb name mode blksize
case $verb in
    get) way=-g ;;
    put) way=-p ;;
esac
exec busybox tftp $way -r "$name" -l "$name" ${blksize:+-b "$blksize"} "$1" "$2"
