using System.CommandLine;
using System.CommandLine.Parsing;
using TorrentPS.Engine.Transport;

namespace TorrentPS.Benchmarks.Measuring;

/// <summary>Options shared by several commands.</summary>
internal static class MeasureOptions
{
    public static Option<long> Size(long value = 1L << 30) => Bytes("--size", "Bytes of the payload: 1GiB, 256KiB.", value, 1L << 40);

    public static Option<long> PieceLength(long value = 1L << 20) => Bytes("--piece-length", "Bytes of a piece: 256KiB, 16MiB.", value, 1L << 28);

    public static Option<long> UploadLimit() => Bytes("--upload-limit", "Bytes a second that each client sends at most; 0 means no limit.", 0, 1L << 40);

    public static Option<int> Rounds(int rounds)
    {
        Option<int> option = new("--rounds") { Description = "How often each is measured; medians are shown.", DefaultValueFactory = _ => rounds };
        option.Validators.Add(result => Require(result, result.GetValueOrDefault<int>() is >= 1 and <= 1000, "must be 1 to 1000"));
        return option;
    }

    public static Option<string?> Destination() => new("--destination") { Description = "The folder that downloads go below; in memory by default.", HelpName = "DIR" };

    public static Option<EncryptionMode> Encryption() => new("--encryption") { Description = "Whether connections are encrypted, on both sides.", DefaultValueFactory = _ => EncryptionMode.Off };

    public static Option<bool> Markdown() => new("--markdown") { Description = "Print the table as Markdown." };

    public static void Require(SymbolResult result, bool condition, string what)
    {
        if (!condition)
            result.AddError($"{result} {what}.");
    }

    public static Option<long> Bytes(string name, string description, long value, long most)
    {
        return new Option<long>(name)
        {
            Description = description,
            HelpName = "BYTES",
            DefaultValueFactory = _ => value,
            CustomParser = result =>
            {
                if (!ByteSize.TryParse(result.Tokens[0].Value, out long bytes) || bytes > most)
                    result.AddError($"{name} is not a size up to {ByteSize.Show(most)}: '{result.Tokens[0].Value}'.");
                return bytes;
            },
        };
    }
}
