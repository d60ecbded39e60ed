using System.Net.Sockets;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Net;
using TorrentPS.Fuzz.Fuzzing;

namespace TorrentPS.Fuzz.Targets;

/// <summary>A list of addresses to block.</summary>
internal sealed class AddressListTarget : FuzzTarget
{
    public override string Name => "ip-filter";

    public override string Description => "lists of addresses to block, p2p, dat and CIDR";

    public override IReadOnlyList<byte[]> Seeds { get; } =
    [
        "# made\nSome Organization:1.2.3.4-1.2.3.9\na:b-c:10.0.0.0-10.255.255.255\nsix:2001:db8::1-2001:db8::ff\n"u8.ToArray(),
        "001.002.003.004 - 005.006.007.008 , 100 , name\r\n1.2.3.4 - 1.2.3.5 , 200 , allowed\r\n"u8.ToArray(),
        "1.2.3.0/24 ; remark\n2001:db8::/32\n::ffff:1.2.3.0/120\n9.9.9.9"u8.ToArray(),
    ];

    public override InputShape Shape => InputShape.Text;

    public override IReadOnlyList<string> Words => ["-", ":", "/", " - ", " , ", "0.0.0.0", "255.255.255.255", "::", "ffff:", "/32", "/128", "127", "128", "\n"];

    public override int Try(byte[] input)
    {
        ReadOnlySpan<byte> line = input.AsSpan(0, Math.Max(0, input.AsSpan().IndexOf((byte)'\n')));
        AddressLineKind kind = AddressLine.Read(line, out AddressRange range);
        Require(kind != AddressLineKind.Blocked || (range.First <= range.Last && (range.Family == AddressFamily.InterNetworkV6 || range.Last <= uint.MaxValue)), "a range is none");
        var reader = new AddressListReader();
        try
        {
            reader.Read(new MemoryStream(input), "list");
        }
        catch (TorrentException exception)
        {
            Require(exception.ErrorId == TorrentErrorId.InvalidIPFilter, "it is another error");
            return Outcome(exception.Message);
        }
        catch (InvalidDataException)
        {
            return 1; // incomplete as gzip
        }

        (AddressRanges<uint> v4, AddressRanges<UInt128> v6) = reader.ToRanges();
        Require(kind != AddressLineKind.Blocked || line.Length > AddressListReader.MaxLine || (range.Family == AddressFamily.InterNetwork ? v4.Contains((uint)range.First) : v6.Contains(range.Last)), "a range that was read blocks nothing");
        return HashCode.Combine(Math.Min(4, v4.Count), Math.Min(4, v6.Count), reader.Warnings.Count, kind);
    }
}
