using System.Buffers;
using System.Collections.ObjectModel;
using System.Management.Automation;
using Microsoft.PowerShell.Commands;
using TorrentPS.Engine.Bencoding;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Storage.Files;
using TorrentPS.Formatting;

namespace TorrentPS.Commands;

/// <summary>
/// <para type="synopsis">Converts bencoded data to objects.</para>
/// <para type="description">Reads files or bytes and writes ordered dictionaries, lists, numbers and byte strings, which ConvertTo-Bencode converts back to the same
/// bytes.</para>
/// </summary>
[Cmdlet(VerbsData.ConvertFrom, "Bencode", DefaultParameterSetName = PathSet)]
[OutputType(typeof(BencodeDictionary), typeof(System.Collections.IList), typeof(long), typeof(System.Numerics.BigInteger), typeof(ByteString))]
public sealed class ConvertFromBencodeCommand : ModuleCommand
{
    private const string PathSet = "Path";
    private const string LiteralPathSet = "LiteralPath";
    private const string InputObjectSet = "InputObject";
    private const int MaxLength = 64 << 20;

    private readonly ArrayBufferWriter<byte> _collected = new();

    /// <summary><para type="description">The paths of files. Wildcards are allowed.</para></summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = PathSet, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true,
        HelpMessage = "Paths of files; wildcards are allowed.")]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    public string[] Path { get; set; } = [];

    /// <summary><para type="description">The literal paths of files: no character is a wildcard.</para></summary>
    [Parameter(Mandatory = true, ParameterSetName = LiteralPathSet, ValueFromPipelineByPropertyName = true,
        HelpMessage = "Literal paths of files.")]
    [Alias("PSPath", "LP")]
    [ValidateNotNullOrEmpty]
    public string[] LiteralPath { get; set; } = [];

    /// <summary><para type="description">The bytes. Single bytes from the pipeline are combined into one value; each array of bytes is a separate value.</para></summary>
    [Parameter(Mandatory = true, ParameterSetName = InputObjectSet, ValueFromPipeline = true,
        HelpMessage = "The bytes to convert; single bytes from the pipeline are joined.")]
    [AllowEmptyCollection]
    public byte[] InputObject { get; set; } = [];

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (ParameterSetName != InputObjectSet)
        {
            foreach (string path in ParameterSetName == LiteralPathSet ? LiteralPath : Path)
                ConvertFiles(path);
        }
        else if (InputObject.Length == 1 && MyInvocation.ExpectingInput)
        {
            // No value has only one byte: it is one of many in the pipeline.
            if (_collected.WrittenCount > MaxLength)
                ThrowTerminatingError(ErrorRecords.From(TorrentErrorId.InvalidBencode, $"InvalidBencode: there are more than {MaxLength} bytes, which is the most that is read (byte {MaxLength})", null));
            _collected.Write(InputObject);
        }
        else
        {
            Convert(InputObject, InputObject);
        }
    }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        if (_collected.WrittenCount > 0)
            Convert(_collected.WrittenSpan, null);
    }

    private void ConvertFiles(string path)
    {
        try
        {
            Collection<string> files = ParameterSetName == LiteralPathSet
                ? [SessionState.Path.GetUnresolvedProviderPathFromPSPath(path, out ProviderInfo provider, out _)]
                : SessionState.Path.GetResolvedProviderPathFromPSPath(path, out provider);
            if (provider.ImplementingType != typeof(FileSystemProvider))
            {
                WriteError(ErrorRecords.NotFileSystem(path, provider.Name));
                return;
            }
            if (files.Count == 0)
                WriteError(ErrorRecords.NothingMatches(path, SessionState.InvokeProvider.Item.Exists(path, force: true, literalPath: true)));
            bool isPattern = ParameterSetName == PathSet && WildcardPattern.ContainsWildcardCharacters(path);
            foreach (string file in files)
            {
                if (!isPattern || !Directory.Exists(file))
                    ConvertFile(file);
            }
        }
        catch (Exception exception) when (exception is SessionStateException or ProviderInvocationException or PSArgumentException)
        {
            WriteError(ErrorRecords.NotFound(path, exception));
        }
    }

    private void ConvertFile(string file)
    {
        byte[] data;
        try
        {
            if (Directory.Exists(file))
            {
                WriteError(ErrorRecords.IsFolder(file));
                return;
            }
            if (new FileInfo(file) is { Exists: true, Length: > MaxLength } large)
            {
                WriteError(ErrorRecords.From(TorrentErrorId.InvalidBencode, $"InvalidBencode: '{file}' has {large.Length} bytes, more than the {MaxLength} that are read (byte {MaxLength})", file));
                return;
            }
            data = GivenFile.ReadAllBytes(file, MaxLength);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            WriteError(ErrorRecords.Unreadable(file, exception));
            return;
        }
        Convert(data, file);
    }

    private void Convert(ReadOnlySpan<byte> data, object? target)
    {
        object value;
        try
        {
            value = BencodeConvert.Decode(data);
        }
        catch (TorrentException exception)
        {
            WriteError(ErrorRecords.From(exception, target));
            return;
        }
        WriteObject(value, enumerateCollection: false);
    }
}
